"""The engines of one call: what the persona asks for, or the nearest thing that is ready here, and a note about it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog

from visavis.engines.ports import (
    EndOfTurn,
    EngineUnavailableError,
    SpeechToText,
    SttOptions,
    TextToSpeech,
    TtsOptions,
    VoiceActivity,
)
from visavis.engines.registry import EngineSpec, Kind, automatic, find

from .languages import language_code
from .ports import CallSpec

log = structlog.get_logger(__name__)

CREATE_TIMEOUT = 60.0


class EngineRoom:
    """Keeps one instance of every engine for all calls of the process."""

    def __init__(self) -> None:
        self._instances: dict[tuple[Kind, str], Any] = {}
        self._lock = asyncio.Lock()

    async def get(self, spec: EngineSpec) -> Any:
        """The shared instance; created in a thread on first use."""
        key = (spec.kind, spec.names[0])
        async with self._lock:
            if key not in self._instances:
                create = asyncio.to_thread(spec.create)
                self._instances[key] = await asyncio.wait_for(create, CREATE_TIMEOUT)
            return self._instances[key]

    async def close(self) -> None:
        for (kind, name), engine in self._instances.items():
            close = getattr(engine, "close", None)
            if close is None:
                continue
            try:
                result = close()
                if asyncio.iscoroutine(result):
                    await asyncio.wait_for(result, 5.0)
            except Exception:
                log.exception("engine.close_failed", kind=kind, engine=name)
        self._instances.clear()


@dataclass(slots=True)
class Faculties:
    """What a call hears and speaks with. `notes` are sentences about anything that is not as the persona asked."""

    stt: SpeechToText
    stt_name: str
    stt_options: SttOptions
    tts: TextToSpeech
    tts_name: str
    tts_options: TtsOptions
    end_of_turn: EndOfTurn | None
    notes: list[str] = field(default_factory=list)

    def voice_activity(self) -> VoiceActivity:
        """A new detector: it keeps state, so every participant has their own."""
        spec = automatic("vad")
        if spec is None:
            raise EngineUnavailableError("No voice activity detector is ready. `visavis doctor` says why.")
        detector: VoiceActivity = spec.create()
        return detector


async def assemble(room: EngineRoom, spec: CallSpec, *, default_stt: str, default_tts: str) -> Faculties:
    """Choose and create the engines of a call. Raises `EngineUnavailableError` when nothing at all can do a job."""
    layers: Mapping[str, Any] = spec.persona.get("layers") or {}
    notes: list[str] = []
    stt_layer, tts_layer = layers.get("stt") or {}, layers.get("tts") or {}
    language = language_code(spec.language)
    stt = _choose("stt", stt_layer.get("stt_engine"), default_stt, language, notes)
    tts = _choose("tts", tts_layer.get("tts_engine"), default_tts, language, notes)
    turn = automatic("turn")
    if turn is None:
        notes.append("Turns are judged by words and silence only: the turn model is not installed.")
    named = find("tts", tts_layer.get("tts_engine")) is tts
    return Faculties(
        stt=await room.get(stt),
        stt_name=stt.names[0],
        stt_options=SttOptions(language=language, hotwords=str(stt_layer.get("hotwords") or "")),
        tts=await room.get(tts),
        tts_name=tts.names[0],
        tts_options=TtsOptions(
            voice=(tts_layer.get("external_voice_id") if named else None) or spec.replica_voice,
            language=language,
            speed=_speed((tts_layer.get("voice_settings") or {}).get("speed")),
        ),
        end_of_turn=await room.get(turn) if turn else None,
        notes=notes,
    )


def _choose(kind: Kind, wanted: str | None, default: str, language: str, notes: list[str]) -> EngineSpec:
    spec = find(kind, wanted) if wanted else None
    if spec and spec.ready().ready and spec.knows(language):
        return spec
    configured = find(kind, default) if default != "auto" else None
    if configured and not (configured.ready().ready and configured.knows(language)):
        configured = None
    fallback = configured or automatic(kind, language)
    if fallback is None:
        raise EngineUnavailableError(f"No engine for {_JOBS[kind]} is ready. `visavis doctor` says why.")
    if wanted and not wanted.startswith("tavus-"):
        why = spec.ready().reason if spec else "this server has no engine of that name"
        notes.append(f"The persona asks for `{wanted}` for {_JOBS[kind]}; using `{fallback.names[0]}`: {why}.")
    if not fallback.knows(language):
        notes.append(f"No engine for {_JOBS[kind]} here knows the language `{language}`; using `{fallback.names[0]}`.")
    return fallback


_JOBS: dict[Kind, str] = {
    "vad": "voice activity",
    "turn": "end of turn",
    "stt": "speech recognition",
    "tts": "the voice",
    "llm": "answers",
}


def _speed(value: object) -> float:
    """Hosted voices give speed as a factor, as -1..1, or as a word; anything else is normal."""
    words = {"slowest": 0.7, "slow": 0.85, "normal": 1.0, "fast": 1.15, "fastest": 1.3}
    if isinstance(value, str):
        return words.get(value.lower(), 1.0)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return min(1.5, max(0.6, float(value))) if value > 0.5 else min(1.5, max(0.6, 1.0 + 0.3 * float(value)))
    return 1.0
