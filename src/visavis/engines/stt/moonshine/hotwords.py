"""Make the recogniser readier to write the words a persona names.

At every step of the decoder the tokens that begin, or go on with, a hotword get a small bonus. A hotword's sound must
still be near: the bonus only settles close calls.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from visavis.engines.stt.moonshine.tokenizer import WORD_START, Tokenizer

MAX_WORDS = 100
MIN_LETTERS = 3
"""Shorter words are too easily heard where they are not."""

BEGIN_BONUS = 4.0
CONTINUE_BONUS = 8.0
"""Logits added. Measured on 18 sentences with rare names and 25 without, three synthetic voices each: names right
went from 4 to 25 of 54, and no sentence without a name changed (with the check in `model._worth_it`)."""

_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")


@dataclass(frozen=True, slots=True)
class Bonus:
    """Ids and what each gets."""

    ids: NDArray[np.int64]
    values: NDArray[np.float32]


class Hotwords:
    """The bonus tables of one persona's hotwords. Immutable, so streams and threads may share it."""

    def __init__(self, text: str, tokenizer: Tokenizer) -> None:
        self._tokens = tokenizer.tokens
        forms = _forms(text)
        self._words = {form.lower() for form in forms}
        self._spellings = tuple(dict.fromkeys(WORD_START + form.encode() for form in forms))
        self._tokenizer = tokenizer
        # A single letter after the word mark says too little about the word.
        self._begin = {
            token: BEGIN_BONUS
            for spelling in self._spellings
            for token, length in tokenizer.beginnings(spelling)
            if length > len(WORD_START) + 1
        }

    def __bool__(self) -> bool:
        return bool(self._spellings)

    def count(self, text: str) -> int:
        """How many words of `text` are hotwords."""
        return sum(word.lower() in self._words for word in _WORD.findall(text))

    def start(self) -> HotwordState:
        return HotwordState(self)

    def bonus(self, open_words: frozenset[tuple[int, int]]) -> Bonus:
        """The bonus after tokens that left `open_words` (spelling, bytes written so far) unfinished."""
        values = dict(self._begin)
        for spelling, written in open_words:
            for token, _ in self._tokenizer.beginnings(self._spellings[spelling][written:]):
                values[token] = CONTINUE_BONUS
        return Bonus(np.fromiter(values.keys(), np.int64), np.fromiter(values.values(), np.float32))

    def advance(self, open_words: frozenset[tuple[int, int]], token: int) -> frozenset[tuple[int, int]]:
        """The unfinished words after `token`."""
        piece = self._tokens[token]
        going_on = {(index, 0) for index in range(len(self._spellings))} | open_words
        return frozenset(
            (spelling, written + len(piece))
            for spelling, written in going_on
            if self._spellings[spelling].startswith(piece, written)
            and len(WORD_START) < written + len(piece) < len(self._spellings[spelling])
        )


class HotwordState:
    """Where one decoding stands among the hotwords."""

    def __init__(self, words: Hotwords) -> None:
        self._words = words
        self._open: frozenset[tuple[int, int]] = frozenset()
        self._idle = words.bonus(self._open)

    def apply(self, logits: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return a copy of `logits` (vocabulary,) with the bonus added."""
        bonus = self._words.bonus(self._open) if self._open else self._idle
        favoured = logits.copy()
        favoured[bonus.ids] += bonus.values
        return favoured

    def advance(self, token: int) -> None:
        self._open = self._words.advance(self._open, token)


def _forms(text: str) -> list[str]:
    """The hotwords as they may be written: as given, in lower case, with a capital."""
    words = _WORD.findall(text)
    forms: list[str] = []
    for word in [word for word in dict.fromkeys(words) if len(word) >= MIN_LETTERS][:MAX_WORDS]:
        forms += [word, word.lower(), word[0].upper() + word[1:]]
    return forms
