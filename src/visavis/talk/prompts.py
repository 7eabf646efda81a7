"""What the person is going to say: texts made into speech, or sound files."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

from visavis.engines.ports import EngineUnavailableError, Pcm, TtsOptions
from visavis.engines.registry import automatic

from .errors import TalkError
from .microphone import RATE, voiced_span

SYNTHESIS_TIMEOUT = 60.0
VOICE = "male"
"""Another voice than the first stock replica's, so that the two sides can be told apart."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """One turn of the person; without `audio` it is sent as words."""

    label: str
    audio: Pcm | None = None
    rate: int = RATE


async def spoken(texts: Sequence[str], voice: str = VOICE) -> list[Prompt]:
    """Say the texts with the embedded voice. Raises `TalkError` when there is none."""
    spec = automatic("tts")
    if spec is None:
        raise TalkError(
            "No voice is ready on this machine, so nothing can be said aloud (`visavis doctor` says why). "
            "Use --text to send words instead, or --wav for a sound file."
        )
    try:
        engine = await asyncio.to_thread(spec.create)
    except EngineUnavailableError as error:
        raise TalkError(str(error)) from error
    try:
        return [await asyncio.wait_for(_say(engine, text, voice), SYNTHESIS_TIMEOUT) for text in texts]
    except EngineUnavailableError as error:
        raise TalkError(str(error)) from error
    except TimeoutError:
        raise TalkError(f"The voice took more than {SYNTHESIS_TIMEOUT:.0f} s for one sentence.") from None
    finally:
        await engine.close()


async def _say(engine: object, text: str, voice: str) -> Prompt:
    pieces: list[Pcm] = []
    rate = RATE
    async for chunk in engine.synthesize(text, TtsOptions(voice=voice)):  # type: ignore[attr-defined]
        pieces.append(chunk.audio)
        rate = chunk.sample_rate
    if not pieces:
        raise TalkError(f"There is nothing to say in “{text}”.")
    return Prompt(text, np.concatenate(pieces), rate)


def recorded(path: Path) -> Prompt:
    """Read a sound file of any format and rate. Raises `TalkError` when it holds no speech."""
    try:
        with av.open(str(path)) as file:
            resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
            frames = [piece for frame in file.decode(audio=0) for piece in resampler.resample(frame)]
            frames += resampler.resample(None)
            audio = np.concatenate([frame.to_ndarray().reshape(-1) for frame in frames] or [np.zeros(0, np.int16)])
    except (OSError, IndexError, ValueError) as error:
        raise TalkError(f"{path} cannot be read as a sound file: {error}.") from error
    if voiced_span(audio) is None:
        raise TalkError(f"There is no speech in {path}: it is silent.")
    return Prompt(path.name, audio)
