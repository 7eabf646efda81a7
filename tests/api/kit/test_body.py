"""Reading a body takes time in proportion to its size, whatever it says."""

from __future__ import annotations

import time

import pytest

from visavis.api.kit.body import MAX_BYTES, parse
from visavis.api.kit.errors import Invalid


def filled(begin: str, unit: str, end: str = "") -> bytes:
    """As many `unit` as fit into the largest body that is read."""
    return (begin + unit * ((MAX_BYTES - len(begin) - len(end)) // len(unit)) + end).encode()


HOSTILE = {
    "a string of escapes that never ends": filled('"', '\\"'),
    "a string that ends in half an escape": filled('"', '\\"', "\\"),
    "a string of backslashes that never ends": filled('["', "\\\\"),
    "many strings and one that never ends": filled("[", '"",', '"'),
    "quotes only": filled("", '"'),
    "commas and spaces": filled("[1", ", ", "]"),
    "one comma and spaces": filled("[1,", " ", "]"),
    "one whole number": filled("[", "9", "]"),
    "one unfinished number": filled("[1.", "1", "e]"),
    "a key named twice, at the end": b"{"
    + b",".join(b'"%x":1' % number for number in range(180_000))
    + b',"z":1,"z":1}',
}


@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE)
def test_the_largest_body_is_refused_within_a_second(raw: bytes) -> None:
    assert len(raw) > MAX_BYTES * 0.8
    begun = time.process_time()
    with pytest.raises(Invalid):
        parse(raw)
    assert time.process_time() - begun < 1.0


def test_the_first_key_that_comes_again_is_named() -> None:
    with pytest.raises(Invalid, match='the key "b" twice'):
        parse(b'{"a": 1, "b": 2, "c": 3, "b": 4, "a": 5}')
