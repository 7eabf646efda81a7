"""Find engines by the name a persona gives.

An engine is a package below `engines/<kind>/`; its `__init__` stays light (no heavy import) and exports `ENGINE`.
Adding one is adding that folder.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

Kind = Literal["vad", "turn", "stt", "tts", "llm"]
KINDS: tuple[Kind, ...] = ("vad", "turn", "stt", "tts", "llm")


@dataclass(frozen=True, slots=True)
class Readiness:
    """Can the engine run on this machine now? `reason` is a sentence in either case."""

    ready: bool
    reason: str


@dataclass(frozen=True, slots=True)
class EngineSpec:
    """What an engine package says of itself.

    `names` are the names a persona may use, the first one canonical; `rank` orders the automatic choice among the
    ready ones (lowest first; None means never chosen without being named). `create` may import heavy things and
    may take seconds: callers run it in a thread. It takes keyword settings of its own.
    """

    kind: Kind
    names: tuple[str, ...]
    summary: str
    licence: str
    ready: Callable[[], Readiness]
    create: Callable[..., Any]
    rank: int | None = None
    needs_key: bool = False
    languages: tuple[str, ...] | None = None
    """ISO 639-1 codes the engine speaks or understands; None where that depends on its settings."""

    def knows(self, language: str | None) -> bool:
        return language is None or self.languages is None or language in self.languages


@cache
def engines(kind: Kind) -> tuple[EngineSpec, ...]:
    """All engines of a kind, best automatic choice first."""
    package = importlib.import_module(f"visavis.engines.{kind}")
    specs: list[EngineSpec] = []
    for module in pkgutil.iter_modules(package.__path__):
        if module.ispkg:
            specs.append(importlib.import_module(f"{package.__name__}.{module.name}").ENGINE)
    return tuple(sorted(specs, key=lambda spec: (spec.rank is None, spec.rank or 0, spec.names)))


def find(kind: Kind, name: str | None) -> EngineSpec | None:
    """The engine that answers to `name` (case-insensitive), or None."""
    wanted = (name or "").lower()
    return next((spec for spec in engines(kind) if wanted in spec.names), None)


def automatic(kind: Kind, language: str | None = None) -> EngineSpec | None:
    """The best engine that is ready here without being named, one that knows `language` first, or None."""
    ready = [spec for spec in engines(kind) if spec.rank is not None and spec.ready().ready]
    return next((spec for spec in ready if spec.knows(language)), ready[0] if ready else None)
