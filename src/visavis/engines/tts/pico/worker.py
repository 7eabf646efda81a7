"""The process that holds SVOX Pico. Run by `visavis.engines.tts.process`; nothing else may import it.

Request: `text` (no NUL, no tags), `language` (e.g. `en-US`), `rate` (percent) and `pitch` (percent). An empty text only
loads the language. Answer: `sample_rate`, and 16-bit mono sound.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from ttspico import TtsEngine

from visavis.engines.tts.framing import Message, serve

SAMPLE_RATE = 16_000

VOLUME = 50
"""Percent. At 100 the engine clips (hundreds of samples a sentence); at 50 it does not, in either voice."""


@cache
def _engine(language: str) -> Any:
    return TtsEngine(language)


def _speak(request: Message) -> tuple[Message, bytes]:
    engine = _engine(str(request["language"]))
    engine.volume = VOLUME
    engine.rate = int(request["rate"])
    engine.pitch = int(request["pitch"])
    sound: list[bytes] = []

    def hear(_format: Any, audio: bytes, _last: bool) -> bool:
        sound.append(bytes(audio))
        return True

    if request["text"]:
        engine.speak(str(request["text"]), hear)
    return {"sample_rate": SAMPLE_RATE}, b"".join(sound)


if __name__ == "__main__":
    serve(_speak)
