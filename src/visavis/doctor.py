"""`visavis doctor`: what this machine has, what it lacks, and what to do about it."""

from __future__ import annotations

import asyncio
import importlib
import shutil
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from visavis import __version__
from visavis.data_folder import DataFolderError, prepare
from visavis.engines.registry import KINDS, Kind, automatic, engines
from visavis.settings import Settings

Mark = Literal["ok", "note", "problem"]
_SIGNS = {"ok": "✓", "note": "·", "problem": "✗"}

_JOBS: dict[Kind, str] = {
    "vad": "Voice activity",
    "turn": "End of turn",
    "stt": "Speech to text",
    "tts": "Text to speech",
    "llm": "Language model",
}
# Without these nobody can be heard or answered; the others have something to fall back on.
_NEEDED: tuple[Kind, ...] = ("vad", "stt", "tts", "llm")

_MIN_FREE_BYTES = 200 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report; only a `problem` prevents calls."""

    mark: Mark
    text: str

    @property
    def prevents_calls(self) -> bool:
        return self.mark == "problem"

    def line(self) -> str:
        return f"{_SIGNS[self.mark]} {self.text}"


def examine(settings: Settings) -> list[Finding]:
    """Look at everything a call needs. Takes a second or two."""
    return [
        Finding("ok", f"Vis-à-vis {__version__} on Python {sys.version.split()[0]}."),
        *_data(settings),
        *_media(),
        *_engines(),
        *_models(),
        *_replicas(),
    ]


def _data(settings: Settings) -> Iterator[Finding]:
    try:
        prepare(settings.data)
    except DataFolderError as error:
        yield Finding("problem", str(error))
        return
    free = shutil.disk_usage(settings.data).free
    low = free < _MIN_FREE_BYTES
    yield Finding(
        "note" if low else "ok",
        f"The data folder {settings.data.resolve()} can be written; {free // 2**20} MiB are free.",
    )
    from visavis.db.session import Database, database_url

    async def ping() -> None:
        database = Database(database_url(settings))
        try:
            await asyncio.wait_for(database.ping(), 10.0)
        finally:
            await database.close()

    try:
        asyncio.run(ping())
    except Exception as error:
        yield Finding("problem", f"The database cannot be reached: {str(error) or type(error).__name__}.")
    else:
        yield Finding("ok", f"The database answers ({database_url(settings).get_backend_name()}).")


def _media() -> Iterator[Finding]:
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind(("0.0.0.0", 0))  # noqa: S104 - what a call's media socket does
        yield Finding("ok", "UDP sockets can be opened, which calls need.")
    except OSError as error:
        yield Finding("problem", f"UDP sockets cannot be opened ({error.strerror}); calls need them.")
    try:
        from av.codec import Codec
    except ImportError as error:
        yield Finding("problem", f"PyAV cannot be loaded ({error}); install the package av.")
        return
    for names, what in ((("libx264", "libvpx"), "Video"), (("libopus", "opus"), "Sound")):
        found = next((name for name in names if _has_encoder(Codec, name)), None)
        if found:
            yield Finding("ok", f"{what} can be encoded ({found}).")
        else:
            yield Finding("problem", f"{what} cannot be encoded: PyAV was built without {' and '.join(names)}.")


def _has_encoder(codec: type, name: str) -> bool:
    try:
        codec(name, "w")
    except Exception:  # PyAV's error for an unknown codec differs between its versions
        return False
    return True


def _engines() -> Iterator[Finding]:
    for kind in KINDS:
        chosen = automatic(kind)
        if chosen is None:
            mark: Mark = "problem" if kind in _NEEDED else "note"
            yield Finding(mark, f"{_JOBS[kind]}: no engine is ready.")
        else:
            yield Finding("ok", f"{_JOBS[kind]}: {chosen.names[0]}. {chosen.ready().reason}")
        for spec in engines(kind):
            if spec is chosen:
                continue
            readiness = spec.ready()
            state = "ready" if readiness.ready else "not ready"
            yield Finding("note", f"  {spec.names[0]} ({spec.summary.rstrip('.')}) is {state}: {readiness.reason}")


def _models() -> Iterator[Finding]:
    module = importlib.import_module("visavis.engines.models")
    for status in module.list_models():
        here = status.state in ("present", "verified")
        yield Finding(
            "ok" if here else "note", f"Model {status.model.name}: {status.state}. {'' if here else status.detail}"
        )


def _replicas() -> Iterator[Finding]:
    from visavis.api.replicas.stock import stock_replicas

    here = [replica.name for replica in stock_replicas().values() if replica.path]
    if here:
        yield Finding("ok", f"Stock replicas: {', '.join(here)}.")
    else:
        yield Finding("problem", "No stock replica is installed; install the package again.")
