"""JSON Patch (RFC 6902) as the contract means it.

Beyond the RFC: missing parents are created, `replace` of something unset adds it, `remove` of something unset changes
nothing, and every name of a field works in a path. A patch applies as a whole or not at all.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from visavis.api.kit.errors import Invalid, MalformedPatch
from visavis.api.kit.names import Names

_END = "-"  # RFC 6901: the place after the last element

MAX_OPERATIONS = 500
MAX_DOCUMENT = 4 * 1024 * 1024
MAX_DEPTH = 100
MAX_PATH = 32

_VALUE_OPERATIONS = ("add", "replace", "test")
_FROM_OPERATIONS = ("copy", "move")
_OPERATIONS = (*_VALUE_OPERATIONS, *_FROM_OPERATIONS, "remove")


@dataclass(frozen=True, slots=True)
class Operation:
    op: str
    path: tuple[str, ...]
    source: tuple[str, ...] = ()
    value: Any = None

    @property
    def where(self) -> str:
        return "/" + "/".join(self.path)


def parse(body: Any, names: Names) -> list[Operation]:
    """Read a patch into canonical names. Raises `MalformedPatch`, or `Invalid` where two names of a field disagree."""
    if not isinstance(body, list):
        raise MalformedPatch("The body must be a list of operations.")
    if len(body) > MAX_OPERATIONS:
        raise MalformedPatch(f"A patch may hold at most {MAX_OPERATIONS} operations.")
    return [_operation(index, item, names) for index, item in enumerate(body)]


def _operation(index: int, item: Any, names: Names) -> Operation:
    if not isinstance(item, dict):
        raise MalformedPatch(f"Operation {index} must be an object.")
    op = item.get("op")
    if op not in _OPERATIONS:
        raise MalformedPatch(f"Operation {index}: op must be one of {', '.join(_OPERATIONS)}.")
    path, table = names.path(_pointer(index, "path", item))
    source: Sequence[str] = ()
    if op in _FROM_OPERATIONS:
        source, _ = names.path(_pointer(index, "from", item))
        if op == "move" and len(path) > len(source) and path[: len(source)] == list(source):
            raise MalformedPatch(f"Operation {index}: a value cannot be moved into itself.")
    value = None
    if op in _VALUE_OPERATIONS:
        if "value" not in item:
            raise MalformedPatch(f"Operation {index}: {op} needs a value.")
        value = table.canonical(item["value"], "".join(f"{token}." for token in path)) if table else item["value"]
    if not path and op != "test":
        raise MalformedPatch(f"Operation {index}: path must name a field; the document as a whole stays.")
    return Operation(op, tuple(path), tuple(source), value)


def _pointer(index: int, key: str, item: dict[str, Any]) -> list[str]:
    text = item.get(key)
    if not isinstance(text, str):
        raise MalformedPatch(f"Operation {index}: {key} must be a string.")
    if text and not text.startswith("/"):
        raise MalformedPatch(f"Operation {index}: {key} must begin with '/'.")
    tokens = text.split("/")[1:]
    if len(tokens) > MAX_PATH:
        raise MalformedPatch(f"Operation {index}: {key} may have at most {MAX_PATH} parts.")
    for token in tokens:
        if "~" in token.replace("~0", "").replace("~1", ""):
            raise MalformedPatch(f"Operation {index}: '~' in {key} must be written ~0 (or ~1 for '/').")
    return [token.replace("~1", "/").replace("~0", "~") for token in tokens]


def apply(document: dict[str, Any], operations: Sequence[Operation]) -> dict[str, Any]:
    """Return a changed copy; `document` stays as it is. Raises `Invalid` with the path that does not fit."""
    result = copy.deepcopy(document)
    for operation in operations:
        _apply_one(result, operation)
        if operation.op == "copy":
            # Only a copy makes more of what is there: twice as much, or twice as deep, each time.
            _check_size(result)
    _check_size(result)
    return result


def _check_size(document: dict[str, Any]) -> None:
    if _deeper_than(document, MAX_DEPTH) or len(json.dumps(document)) > MAX_DOCUMENT:
        raise Invalid("The patch makes the document too large.")


def _deeper_than(value: Any, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    children = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_deeper_than(child, levels - 1) for child in children)


def _apply_one(document: dict[str, Any], operation: Operation) -> None:
    match operation.op:
        case "add":
            _add(document, operation.path, copy.deepcopy(operation.value))
        case "replace":
            _replace(document, operation.path, copy.deepcopy(operation.value))
        case "remove":
            _remove(document, operation.path)
        case "copy":
            _add(document, operation.path, copy.deepcopy(_get(document, operation.source)))
        case "move":
            value = _get(document, operation.source)
            if operation.source != operation.path:
                _remove(document, operation.source)
                _add(document, operation.path, value)
        case "test":
            if not same(_get(document, operation.path, default=_MISSING), operation.value):
                raise Invalid(f"The test of {operation.where} failed; nothing was changed.")


_MISSING = object()


def same(left: Any, right: Any) -> bool:
    """JSON equality: numbers by value, but `true` is not 1."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    return bool(left == right)


def _show(path: Sequence[str]) -> str:
    return "/" + "/".join(path)


def _get(document: Any, path: Sequence[str], default: Any = None) -> Any:
    value = document
    for depth, token in enumerate(path):
        if isinstance(value, dict) and token in value:
            value = value[token]
        elif isinstance(value, list) and _inside(token, len(value)):
            value = value[int(token)]
        elif default is not None:
            return default
        else:
            raise Invalid(f"There is nothing at {_show(path[: depth + 1])}.")
    return value


def _inside(token: str, length: int) -> bool:
    """Is `token` an array index in RFC 6901's form, below `length`?"""
    plain = token.isascii() and token.isdigit() and len(token) < 10 and (len(token) == 1 or not token.startswith("0"))
    return plain and int(token) < length


def _index(token: str, last: int, path: Sequence[str]) -> int:
    """An array index, at most `last`."""
    if not _inside(token, last + 1):
        raise Invalid(f"{_show(path)} is not a place in that list.")
    return int(token)


def _parent(document: dict[str, Any], path: Sequence[str]) -> Any:
    """What holds the last token of `path`; missing objects on the way are created, and a list where `-` follows."""
    value: Any = document
    for depth, token in enumerate(path[:-1]):
        if isinstance(value, dict):
            if value.get(token) is None:
                value[token] = [] if path[depth + 1] == _END else {}
            value = value[token]
        elif isinstance(value, list):
            value = value[_index(token, len(value) - 1, path[: depth + 1])]
        else:
            raise Invalid(f"{_show(path[:depth])} holds nothing that {_show(path)} could name.")
    if not isinstance(value, dict | list):
        raise Invalid(f"{_show(path[:-1])} holds nothing that {_show(path)} could name.")
    return value


def _add(document: dict[str, Any], path: Sequence[str], value: Any) -> None:
    parent, token = _parent(document, path), path[-1]
    if isinstance(parent, dict):
        parent[token] = value
    elif token == _END:
        parent.append(value)
    else:
        parent.insert(_index(token, len(parent), path), value)


def _replace(document: dict[str, Any], path: Sequence[str], value: Any) -> None:
    parent, token = _parent(document, path), path[-1]
    if isinstance(parent, dict):
        parent[token] = value
    else:
        parent[_index(token, len(parent) - 1, path)] = value


def _remove(document: dict[str, Any], path: Sequence[str]) -> None:
    parent = _get(document, path[:-1], default=_MISSING)
    token = path[-1]
    if isinstance(parent, list):
        del parent[_index(token, len(parent) - 1, path)]
    elif isinstance(parent, dict):
        parent.pop(token, None)
