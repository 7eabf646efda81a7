"""Do these words sound finished? A cheap judge of transcripts that complements the one that listens."""

from __future__ import annotations

import re

_WORD = re.compile(r"[a-z']+")

HESITATIONS = frozenset("um uh er erm hmm mm like".split())
"""After these somebody is still looking for words."""

OPEN_ENDED = frozenset(
    """a an the my your our their his and or but because so if than as while though although unless until since
    of for with from to at into onto between about by in on i we they he she is are was were am be been would could
    should will can may might must do does did have has had that which who whose where when what how why please just
    let me very really not this these those some any another each every""".split()
)
"""English words that hardly ever end a turn."""

CLOSED_PAIRS = frozenset(
    pair.strip()
    for pair in """it is, they are, we are, we do, i am, i do, you can, i can, i have, i did, i will, it does, it was,
    what for, about that, like that, do that, help me, tell me, about me, for me, with me, to me, give me, are you,
    is this, do not, why not, like this, do this, and why, so what, say when, me how, know how, me why, know why,
    to do, you do, you are, he is, she is, you have, come in, go on, turn on, log in, sign in, not really""".split(",")
)
"""Word pairs that may end a turn although their last word usually does not."""


def finished(text: str) -> float:
    """Score a transcript: 0 (surely goes on) .. 1 (surely done); 0 for no words at all."""
    words = _WORD.findall(text.lower())
    if not words:
        return 0.0
    ending = text.rstrip()
    if ending.endswith(("...", "…", ",", "-", "–", "—")):
        return 0.1
    last = words[-1]
    if last in HESITATIONS:
        return 0.05
    pair = " ".join(words[-2:])
    if last in OPEN_ENDED and pair not in CLOSED_PAIRS and not ending.endswith("?"):
        return 0.15
    return 0.85 if ending.endswith((".", "?", "!")) else 0.5


def combine(audio: float | None, words: float) -> float:
    """Fuse both judges: (audio + 2 x words) / 3, the best of the combinations measured (research/speech.md)."""
    return words if audio is None else (audio + 2 * words) / 3
