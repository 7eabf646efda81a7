"""Strips from a model's text, while it streams, what nobody should hear.

Markdown, tags such as `<emotion value="excited"/>`, emoji and stage directions go; the text of links stays. The
result does not depend on how the text was cut into deltas.
"""

from __future__ import annotations

import re

# How far a construct may reach before its opening is taken as text.
_SPAN = 200
_FENCE_SPAN = 20_000

# Pictographs, dingbats, variation selectors, joiners, keycap, regional indicators (Unicode emoji blocks).
_EMOJI = re.compile("[\U0001f000-\U0001faff☀-➿⬀-⯿️‍⃣\U000e0020-\U000e007f]")
_LINE_MARKER = re.compile(
    r"[ \t]*(?:#{1,6}[ \t]+|>[ \t]*|[-+*•][ \t]+|\d{1,2}[.)][ \t]+|[-*_]{3,}[ \t]*(?=\n)|\|[-| :]+\|(?=\n))"
)
_PARTIAL_MARKER = re.compile(r"[ \t]*(?:#{0,6}|[-+*•_]{0,8}|\d{1,2}[.)]?|\|[-| :]*)[ \t]*")
_LINK = re.compile(r"\[([^\[\]\n]*)\]\(([^()\s]*(?:\([^()\s]*\)[^()\s]*)*)(?:[ \t]+\"[^\"\n]*\")?\)")
_TAG = re.compile(r"</?[A-Za-z][^<>]*>")
_DIRECTION_VERBS = (
    "beams blinks blushes breathes chuckles clears coughs cries exhales frowns gasps gestures giggles glances grins "
    "hesitates inhales laughs leans listens looks nods pauses points raises shakes shrugs sighs smiles smirks sniffs "
    "snorts thinks tilts waves whispers winks yawns smiling laughing nodding sighing chuckling pausing grinning "
    "laugh laughter sigh pause smile nod chuckle gasp"
)
_DIRECTION = re.compile(
    rf"(?:[a-z]+ly )?(?:{'|'.join(_DIRECTION_VERBS.split())})(?: [\w' ]{{1,60}})?[.!]?", re.IGNORECASE
)


class MarkupStripper:
    """Feed it raw deltas, get speakable text; newlines are kept as the boundaries they are."""

    def __init__(self) -> None:
        self._raw = ""
        self._line_start = True
        self._previous = ""
        self._text_began = False

    def push(self, delta: str) -> str:
        self._raw += delta.replace("\r\n", "\n").replace("\r", "\n")
        return self._drain(final=False)

    def flush(self) -> str:
        return self._drain(final=True)

    def _drain(self, *, final: bool) -> str:
        out: list[str] = []
        while self._raw:
            step = self._step(self._raw, final)
            if step is None:
                break
            text, used = step
            self._line_start = self._raw[used - 1] == "\n" or (self._line_start and self._raw[:used].isspace())
            self._raw = self._raw[used:]
            if text:
                self._previous = text[-1]
                self._text_began = True
                out.append(text)
        return "".join(out)

    def _step(self, raw: str, final: bool) -> tuple[str, int] | None:
        """Return the text for the next characters and how many they are; None to wait for more."""
        if self._line_start:
            marker = _LINE_MARKER.match(raw)
            # A reply may begin with a number of its own: only "1." opens a list there.
            if marker and (
                self._text_began or not marker[0].strip(" .)").isdigit() or marker[0].strip() in ("1.", "1)")
            ):
                return ("", marker.end()) if not _needs_more(raw, marker.end(), final) else None
            if not final and _PARTIAL_MARKER.fullmatch(raw) and len(raw) < _SPAN:
                return None
        handler = {"`": _code, "<": _tag, "[": _link, "!": _image, "(": _parenthesis}.get(raw[0])
        if raw[0] in "*_":
            return self._emphasis(raw, final)
        if handler is not None:
            return handler(raw, final)
        if _EMOJI.match(raw):
            return "", 1
        return ("," if raw[0] == "|" else raw[0]), 1

    def _emphasis(self, raw: str, final: bool) -> tuple[str, int] | None:
        mark, following = raw[0], raw[1:2]
        if not following and not final:
            return None
        if following == mark:
            return "", 2
        if mark == "_":
            return ("_" if self._previous.isalnum() and following.isalnum() else ""), 1
        if not following.strip() or (self._previous.isdigit() and following.isdigit()):
            # A closing mark, or a multiplication sign.
            return ("*" if following and (self._previous.isspace() or following.isdigit()) else ""), 1
        end, settled = _find(raw, "*", 1, final)
        if end > 0 and _DIRECTION.fullmatch(raw[1:end].strip()):
            return "", end + 1
        return ("", 1) if settled else None


def _needs_more(raw: str, end: int, final: bool) -> bool:
    """A marker's trailing spaces may go on; only what follows them settles its end."""
    return end == len(raw) and not final


def _find(raw: str, close: str, start: int, final: bool) -> tuple[int, bool]:
    """Position of `close` on this line within reach (or -1), and whether that is settled."""
    window = raw[start : start + _SPAN]
    line_end = window.find("\n")
    line = window if line_end < 0 else window[:line_end]
    at = line.find(close)
    settled = at >= 0 or line_end >= 0 or len(window) == _SPAN or final
    return (start + at if at >= 0 else -1), settled


def _closing(raw: str, start: int, final: bool) -> tuple[int, bool]:
    """As `_find`, for the parenthesis that closes the one at `start`."""
    depth = 0
    for at in range(start, min(len(raw), start + _SPAN)):
        if raw[at] == "\n":
            return -1, True
        depth += (raw[at] == "(") - (raw[at] == ")")
        if depth == 0:
            return at, True
    return -1, final or len(raw) >= start + _SPAN


def _code(raw: str, final: bool) -> tuple[str, int] | None:
    if len(raw) < 3 and set(raw) == {"`"} and not final:
        return None
    if not raw.startswith("```"):
        return "", 1
    header = raw.find("\n", 3, 3 + _SPAN)
    end = raw.find("```", 3, _FENCE_SPAN)
    if end < 0 and not final and len(raw) < _FENCE_SPAN:
        return None
    if end < 0:
        return "", 3
    language = raw[3:header].strip().lower() if 3 <= header < end else ""
    prose = language in ("", "text", "txt", "markdown", "md")
    body = raw[(header + 1 if 3 <= header < end else 3) : end]
    return (body if prose else ""), end + 3


def _tag(raw: str, final: bool) -> tuple[str, int] | None:
    if len(raw) == 1 and not final:
        return None
    if not re.match(r"</?(?:[A-Za-z]|$)", raw):
        return "<", 1
    end, settled = _find(raw, ">", 1, final)
    if end > 0 and _TAG.fullmatch(raw[: end + 1]):
        return "", end + 1
    return ("<", 1) if settled else None


def _link(raw: str, final: bool) -> tuple[str, int] | None:
    end, settled = _find(raw, "]", 1, final)
    if end < 0:
        return ("", 1) if settled else None
    label = raw[1:end]
    if len(raw) == end + 1 and not final:
        return None
    if raw[end + 1 : end + 2] == "(":
        close, settled = _closing(raw, end + 1, final)
        if close < 0 and not settled:
            return None
        link = _LINK.fullmatch(raw, 0, close + 1) if close > 0 else None
        if link:
            return link[1], link.end()
    if label.isdigit() or label.startswith("^") or _DIRECTION.fullmatch(label.strip()):
        return "", end + 1
    return label, end + 1


def _image(raw: str, final: bool) -> tuple[str, int] | None:
    if len(raw) == 1 and not final:
        return None
    return ("", 1) if raw[1:2] == "[" else ("!", 1)


def _parenthesis(raw: str, final: bool) -> tuple[str, int] | None:
    """`(laughs)` goes, every other remark in parentheses stays."""
    window = raw[1:]
    if not final and len(window) < _SPAN and re.fullmatch(r"[A-Za-z]{0,12}", window):
        return None
    if not _DIRECTION.match(window):
        return "(", 1
    end, settled = _find(raw, ")", 1, final)
    if end > 0 and _DIRECTION.fullmatch(raw[1:end].strip()):
        return "", end + 1
    return ("(", 1) if settled else None
