"""Do these words sound finished? A cheap judge of transcripts that complements the one that listens."""

from __future__ import annotations

import re

_WORD = re.compile(r"[a-z']+")

HESITATIONS = frozenset("um uh er erm hmm mm".split())
"""After these somebody is still looking for words."""

OPEN_ENDED = frozenset(
    """a an the my your our their his and or but because so if than as while although unless until since of for with
    from to at into onto between by i we they he she is are was were am be been would could should may might must has
    had which who whose where when what how why just let very some any another each every""".split()
)
"""English words that hardly ever end a turn."""

RARELY_LAST = frozenset(
    """about in on that this these those me not really can will do does did have though like""".split()
)
"""Words that end some turns; a full stop after them speaks for the end."""

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
    stopped = ending.endswith((".", "?", "!"))
    if " ".join(words[-2:]) not in CLOSED_PAIRS and not ending.endswith("?"):
        if last in OPEN_ENDED:
            return 0.15
        if last in RARELY_LAST:
            return 0.5 if stopped else 0.15
    return 0.85 if stopped else 0.5


def combine(audio: float | None, words: float) -> float:
    """Fuse both judges: (audio + 2 x words) / 3, the best of the combinations measured (research/speech.md)."""
    return words if audio is None else (audio + 2 * words) / 3
