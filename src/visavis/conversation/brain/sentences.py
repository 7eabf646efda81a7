"""Cuts a streaming answer into clauses that can be spoken at once."""

from __future__ import annotations

import re

from visavis.conversation.brain.markup import MarkupStripper

FIRST_CLAUSE = 12
"""Least characters of a first clause that ends at a comma: shorter ones sound clipped and save no time."""

LONGEST_CLAUSE = 200
"""Characters after which a run-on is cut at a comma or a space."""

_UNBROKEN = 2_000
"""Characters after which even a text without any space is cut."""

_STOPS = ".!?…"
_PAUSES = ",;:—–"
_CLOSERS = "\"'”’»)]"
_WIDE_STOPS = "。！？"
_WIDE_PAUSES = "，、；："
_STOP = re.compile(rf"[.!?…]+[{re.escape(_CLOSERS)}]*")
_WORD_BEFORE = re.compile(r"[\w.&'’-]*$")
_TITLES = frozenset("dr mr mrs ms prof rev gen col sgt capt lt st mt vs approx dept est fig vol ca cf e.g i.e".split())
_BEFORE_NUMBER = frozenset("no nos pp p art sec ch".split())
_MAYBE_LAST = frozenset("etc a.m p.m inc ltd co corp jr sr al".split())
_INITIALS = re.compile(r"(?:[A-Za-z]\.)+[A-Za-z]|[A-HJ-Z]")


class ClauseSplitter:
    """Text deltas in, clauses out: the first one early, later ones whole sentences.

    A clause carries the space before it, so that joining all clauses gives the visible text of the answer.
    """

    def __init__(self) -> None:
        self._markup = MarkupStripper()
        self._text = ""
        self._spoken = False

    def push(self, delta: str) -> list[str]:
        """Return the clauses that `delta` completes."""
        self._text += self._markup.push(delta)
        return self._take(final=False)

    def flush(self) -> list[str]:
        """Return what is left at the end of the answer."""
        self._text += self._markup.flush()
        return self._take(final=True)

    def _take(self, *, final: bool) -> list[str]:
        clauses: list[str] = []
        while (end := self._boundary(final)) is not None:
            piece, self._text = self._text[:end], self._text[end:]
            clause = _tidy(piece, first=not self._spoken)
            if clause:
                self._spoken = True
                clauses.append(clause)
        return clauses

    def _boundary(self, final: bool) -> int | None:
        """Length of the next clause, or None while that is open."""
        text = self._text
        start = len(text) - len(text.lstrip())
        at = start
        while at < len(text) and at - start < LONGEST_CLAUSE:
            end = self._boundary_at(text, start, at, final)
            if end is None:
                return None
            if end and re.search(r"\w", text[start:end]):
                return end
            at += 1
        if at - start >= LONGEST_CLAUSE:
            return _cut(text, start, final)
        return len(text) if final and text else None

    def _boundary_at(self, text: str, start: int, at: int, final: bool) -> int | None:
        """End of the clause if one ends around `at`, 0 if not, None if later text decides."""
        char = text[at]
        if char == "\n":
            return at
        if char in _WIDE_STOPS:
            return at + 1
        if char in _STOPS:
            return 0 if at > start and text[at - 1] in _STOPS else _stop(text, start, at, final)
        if self._spoken or at + 1 - start < FIRST_CLAUSE:
            return 0
        return _pause(text, at, final)


def _pause(text: str, at: int, final: bool) -> int | None:
    """Decide on a comma or the like at `at`, as `_boundary_at` does."""
    char = text[at]
    if char in _WIDE_PAUSES:
        return at + 1
    if char not in _PAUSES:
        return 0
    if at + 1 == len(text):
        return at + 1 if final else None
    joins = text[at - 1].isdigit() and text[at + 1].isdigit()
    return at + 1 if text[at + 1].isspace() or (char == "—" and not joins) else 0


def _stop(text: str, start: int, at: int, final: bool) -> int | None:
    """Decide on a full stop or the like at `at`, as `_boundary_at` does."""
    match = _STOP.match(text, at)
    end = match.end() if match else at + 1
    if end == len(text):
        return end if final else None
    if not text[end].isspace():
        return 0
    stops = text[at:end].rstrip(_CLOSERS)
    following = text[end:].lstrip(" \t")
    if stops not in (".", "...", "…"):
        return end
    if not following and not final:
        return None
    goes_on = _abbreviation(text[start:at], following) if stops == "." else following[:1].islower()
    return 0 if goes_on else end


def _abbreviation(before: str, following: str) -> bool:
    found = _WORD_BEFORE.search(before)
    word = found[0] if found else ""
    lower = word.lower()
    first = following[:1]
    if lower in _TITLES:
        return True
    if lower in _BEFORE_NUMBER:
        return first.isdigit()
    if lower in _MAYBE_LAST:
        return not (first.isupper() or first in ("", "\n"))
    return bool(_INITIALS.fullmatch(word)) and first not in ("", "\n")


def _cut(text: str, start: int, final: bool) -> int | None:
    """Where to cut a run-on: the last comma in its later part, else the last space, else after a wide pause."""
    window = text[start : start + LONGEST_CLAUSE]
    pauses = [m.end() for m in re.finditer(r"[,;:—–](?=\s)|[，、；：]", window) if m.end() >= LONGEST_CLAUSE // 4]
    if pauses:
        return start + pauses[-1]
    space = window.rfind(" ")
    if space > 0:
        return start + space
    if not window.isascii():
        return start + LONGEST_CLAUSE
    gap = re.search(r"\s", text[start : start + _UNBROKEN])
    if gap:
        return start + gap.start()
    if len(text) - start >= _UNBROKEN:
        return start + _UNBROKEN
    return len(text) if final else None


def _tidy(piece: str, *, first: bool) -> str:
    words = re.sub(r"\s+", " ", piece)
    words = re.sub(r" (?=[,.!?](?:\s|$))", "", words)
    if not re.search(r"\w", words):
        return ""
    return words.strip() if first else words.rstrip()
