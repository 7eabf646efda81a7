"""The stock replicas that this program carries."""

from __future__ import annotations

import importlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MODEL_NAME = "phoenix-3"

# The ids that public examples name. A bundle's own name and voice win.
_NAMES = {
    "r90bbd427f71": "Anna",
    "rfe12d8b9597": "Nathan",
    "rf4e9d9790f0": "Anna (studio)",
    "r79e1c033f": "Nathan (studio)",
}


@dataclass(frozen=True, slots=True)
class StockReplica:
    id: str
    name: str
    voice: str | None
    path: Path | None


def stock_replicas() -> dict[str, StockReplica]:
    """Stock replicas by id; `path` is the bundle's folder, or None where no bundle is installed."""
    found = {key: StockReplica(key, name, None, None) for key, name in _NAMES.items()}
    for key, path in _bundles().items():
        meta = json.loads((path / "meta.json").read_text(encoding="utf-8"))
        name = str(meta.get("name") or _NAMES.get(key, key))
        found[key] = StockReplica(key, name, _voice(meta.get("voice")), path)
    return found


def _voice(value: Any) -> str | None:
    """A voice is a name, or an object that describes it; engines understand a name or a gender."""
    value = value.get("gender") if isinstance(value, dict) else value
    return value if isinstance(value, str) else None


def _bundles() -> dict[str, Path]:
    try:
        module = importlib.import_module("visavis.replica.stock")
    except ModuleNotFoundError:
        return {}
    bundles: dict[str, Path] = module.bundles()
    return bundles
