"""Moonshine's vocabulary: ids to text, and the ids that spell a given word."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

WORD_START = "\u2581".encode()
"""How a token marks the space before a word."""

START_TOKEN = 1
END_TOKEN = 2

_SPECIAL = re.compile(rb"<unk>|</?s>|<<ST_\d+>>")


class Tokenizer:
    """Reads `tokenizer.bin`: for every id the length of its bytes (one byte, or two from 128 up), then the bytes."""

    def __init__(self, path: Path) -> None:
        self.tokens = _read(path.read_bytes())
        self._ids = {token: index for index, token in enumerate(self.tokens) if not _SPECIAL.fullmatch(token)}

    def decode(self, ids: Iterable[int]) -> str:
        """Return the text of `ids`; special tokens say nothing."""
        spoken = (self.tokens[index] for index in ids)
        text = b"".join(token for token in spoken if not _SPECIAL.fullmatch(token))
        words = text.replace(WORD_START, b" ").decode("utf-8", "replace").strip()
        return re.sub(r",{2,}", ",", words)

    def beginnings(self, text: bytes) -> Sequence[tuple[int, int]]:
        """Return (id, length in bytes) of every token that `text` starts with."""
        return [(self._ids[text[:end]], end) for end in range(1, len(text) + 1) if text[:end] in self._ids]


def _read(data: bytes) -> list[bytes]:
    tokens: list[bytes] = []
    position = 0
    while position < len(data):
        length = data[position]
        position += 1
        if length >= 128:
            length = data[position] * 128 + length - 128
            position += 1
        tokens.append(data[position : position + length])
        position += length
    return tokens
