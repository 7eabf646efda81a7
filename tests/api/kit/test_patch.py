"""JSON Patch as the contract means it."""

from __future__ import annotations

from typing import Any

import pytest

from visavis.api.kit import patch
from visavis.api.kit.errors import Invalid, MalformedPatch
from visavis.api.kit.names import Names

NAMES = Names(
    aliases={"name": ("alias",)}, children={"layers": Names(children={"flow": Names(aliases={"old": ("new",)})})}
)


def run(document: dict[str, Any], *operations: dict[str, Any]) -> dict[str, Any]:
    return patch.apply(document, patch.parse(list(operations), NAMES))


@pytest.mark.parametrize(
    ("document", "operation", "expected"),
    [
        ({}, {"op": "add", "path": "/a", "value": 1}, {"a": 1}),
        ({"a": 1}, {"op": "add", "path": "/a", "value": None}, {"a": None}),
        ({"a": [1, 3]}, {"op": "add", "path": "/a/1", "value": 2}, {"a": [1, 2, 3]}),
        ({"a": [1]}, {"op": "add", "path": "/a/1", "value": 2}, {"a": [1, 2]}),
        ({"a": [1]}, {"op": "add", "path": "/a/-", "value": 2}, {"a": [1, 2]}),
        ({}, {"op": "add", "path": "/a/b/c", "value": 1}, {"a": {"b": {"c": 1}}}),
        ({}, {"op": "add", "path": "/a/-", "value": 1}, {"a": [1]}),
        ({"a": None}, {"op": "add", "path": "/a/b", "value": 1}, {"a": {"b": 1}}),
        ({}, {"op": "replace", "path": "/a", "value": 1}, {"a": 1}),
        ({"a": [1, 2]}, {"op": "replace", "path": "/a/0", "value": 9}, {"a": [9, 2]}),
        ({}, {"op": "remove", "path": "/a"}, {}),
        ({}, {"op": "remove", "path": "/a/b/c"}, {}),
        ({"a": [1, 2]}, {"op": "remove", "path": "/a/0"}, {"a": [2]}),
        ({"a": {"b": 1}}, {"op": "copy", "from": "/a", "path": "/c"}, {"a": {"b": 1}, "c": {"b": 1}}),
        ({"a": {"b": 1}}, {"op": "move", "from": "/a/b", "path": "/c/d"}, {"a": {}, "c": {"d": 1}}),
        ({"a": 1}, {"op": "move", "from": "/a", "path": "/a"}, {"a": 1}),
        ({"a": {"b": [1, None]}}, {"op": "test", "path": "/a", "value": {"b": [1.0, None]}}, {"a": {"b": [1, None]}}),
        ({"a/b": 1, "m~n": 2}, {"op": "remove", "path": "/a~1b"}, {"m~n": 2}),
        ({"m~n": 2}, {"op": "replace", "path": "/m~0n", "value": 3}, {"m~n": 3}),
        ({"~1": 1}, {"op": "remove", "path": "/~01"}, {}),
        ({"": 1}, {"op": "remove", "path": "/"}, {}),
        ({"name": 1}, {"op": "replace", "path": "/alias", "value": 2}, {"name": 2}),
        ({}, {"op": "add", "path": "/layers/flow/new", "value": 1}, {"layers": {"flow": {"old": 1}}}),
        ({}, {"op": "add", "path": "/layers", "value": {"flow": {"new": 1}}}, {"layers": {"flow": {"old": 1}}}),
        ({"x": {"alias": 1}}, {"op": "add", "path": "/x/new", "value": 1}, {"x": {"alias": 1, "new": 1}}),
    ],
)
def test_operations(document: dict[str, Any], operation: dict[str, Any], expected: dict[str, Any]) -> None:
    assert run(document, operation) == expected


@pytest.mark.parametrize(
    ("document", "operation", "sentence"),
    [
        ({"a": 1}, {"op": "test", "path": "/a", "value": True}, "The test of /a failed"),
        ({"a": 1}, {"op": "test", "path": "/b", "value": None}, "The test of /b failed"),
        ({"a": [1]}, {"op": "add", "path": "/a/2", "value": 1}, "/a/2 is not a place in that list."),
        ({"a": [1]}, {"op": "add", "path": "/a/01", "value": 1}, "/a/01 is not a place in that list."),
        ({"a": [1]}, {"op": "replace", "path": "/a/1", "value": 1}, "/a/1 is not a place in that list."),
        ({"a": [1]}, {"op": "replace", "path": "/a/-", "value": 1}, "/a/- is not a place in that list."),
        ({"a": [1]}, {"op": "remove", "path": "/a/" + "9" * 5000}, "is not a place in that list."),
        ({"a": [1]}, {"op": "add", "path": "/a/x/b", "value": 1}, "/a/x is not a place in that list."),
        ({"a": "text"}, {"op": "add", "path": "/a/b", "value": 1}, "/a holds nothing that /a/b could name."),
        ({}, {"op": "copy", "from": "/a", "path": "/b"}, "There is nothing at /a."),
        ({"a": [1]}, {"op": "move", "from": "/a/5", "path": "/b"}, "There is nothing at /a/5."),
    ],
)
def test_what_does_not_fit(document: dict[str, Any], operation: dict[str, Any], sentence: str) -> None:
    before = repr(document)
    with pytest.raises(Invalid) as caught:
        run(document, operation)
    assert sentence in str(caught.value)
    assert repr(document) == before


def test_operations_see_what_those_before_them_did() -> None:
    assert run({}, {"op": "add", "path": "/a", "value": [1]}, {"op": "copy", "from": "/a", "path": "/b"},
               {"op": "add", "path": "/b/-", "value": 2}) == {"a": [1], "b": [1, 2]}  # fmt: skip


def test_a_patch_cannot_blow_up() -> None:
    wide = [{"op": "copy", "from": "", "path": f"/copy{number}"} for number in range(40)]
    deep = [{"op": "copy", "from": "", "path": "/a/z"} for _ in range(400)]
    for operations in (wide, deep):
        with pytest.raises(Invalid, match="too large"):
            run({"a": {"x": "y" * 1000}}, *operations)
    too_many = [{"op": "remove", "path": "/a"}] * 501
    too_far = [{"op": "add", "path": "/a" * 10_000, "value": 1}]
    for malformed, sentence in ((too_many, "at most 500 operations"), (too_far, "at most 32 parts")):
        with pytest.raises(MalformedPatch) as caught:
            patch.parse(malformed, NAMES)
        assert sentence in caught.value.extra["detail"]
