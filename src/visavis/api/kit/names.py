"""The contract's dual vocabulary: personas are also PALs, replicas also faces, and several fields changed their names.

A `Names` table says which names a level of a document knows. Requests may use any of them; inside the server only the
canonical name exists; answers carry them all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from visavis.api.kit.errors import Invalid


@dataclass(frozen=True)
class Names:
    """Canonical name → other names, and the tables of nested objects by their canonical name."""

    aliases: Mapping[str, Sequence[str]] = field(default_factory=dict)
    children: Mapping[str, Names] = field(default_factory=dict)

    def name(self, key: str) -> str:
        """The canonical name of `key`."""
        return next((canonical for canonical, others in self.aliases.items() if key in others), key)

    def canonical(self, value: Any, at: str = "") -> Any:
        """A copy of `value` with canonical names; anything but an object is returned as it is.

        Raises `Invalid` when two names of one field disagree.
        """
        if not isinstance(value, dict):
            return value
        found: dict[str, Any] = {}
        given: dict[str, str] = {}
        for key, item in value.items():
            name = self.name(key)
            child = self.children.get(name)
            item = child.canonical(item, f"{at}{name}.") if child else item  # noqa: PLW2901
            if name in found and found[name] != item:
                raise Invalid(f"{at}{given[name]} and {at}{key} are two names of one field, and their values differ.")
            found[name] = item
            given[name] = key
        return found

    def both(self, value: Any) -> Any:
        """A copy of a canonical document with every name that a field has."""
        if not isinstance(value, dict):
            return value
        answer: dict[str, Any] = {}
        for name, item in value.items():
            child = self.children.get(name)
            answer[name] = child.both(item) if child else item
        for name, others in self.aliases.items():
            if name in answer:
                answer.update(dict.fromkeys(others, answer[name]))
        return answer

    def path(self, tokens: Sequence[str]) -> tuple[list[str], Names | None]:
        """The canonical form of a JSON pointer's tokens, and the table of the value it points to."""
        table: Names | None = self
        result: list[str] = []
        for token in tokens:
            name = table.name(token) if table else token
            table = table.children.get(name) if table else None
            result.append(name)
        return result, table
