"""How tests judge what a recogniser wrote."""

from __future__ import annotations

import re


def word_errors(heard: str, said: str) -> tuple[int, int]:
    """Edit distance in words, and the number of words said: their quotient is the word error rate."""
    a, b = (re.findall(r"[a-z']+", text.lower().replace("-", " ")) for text in (heard, said))
    row = list(range(len(b) + 1))
    for i, word in enumerate(a, 1):
        previous, row[0] = row[0], i
        for j, other in enumerate(b, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (word != other))
    return row[-1], len(b)
