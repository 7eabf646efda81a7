"""The process that holds libespeak-ng. Run by `visavis.engines.tts.process`; nothing else may import it.

Request: `text`, `voices` (names to try in turn, e.g. `en-us+f3`), `rate` (words per minute), `pitch` and `range`
(0..100). Answer: `sample_rate`, `phonemes` as [IPA, start, end] in seconds, and 16-bit mono sound.
"""

from __future__ import annotations

import ctypes
import re
from typing import Any

import espeakng_loader

from visavis.engines.tts.framing import Message, serve

# Values of the library's public header, speak_lib.h, version 1.52.
_SYNCHRONOUS = 2
_WITH_PHONEME_EVENTS = 0x0001
_PHONEMES_IN_IPA = 0x0002
_DONT_EXIT = 0x8000
_RATE, _PITCH, _RANGE = 1, 3, 4
_CHARACTERS = 1
_UTF8 = 1
_LIST_END = 0
_PHONEME = 7


class _Id(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Id),
    )


_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))


class _Espeak:
    def __init__(self) -> None:
        self._library = ctypes.CDLL(espeakng_loader.get_library_path())
        options = _WITH_PHONEME_EVENTS | _PHONEMES_IN_IPA | _DONT_EXIT
        data = espeakng_loader.get_data_path().encode()
        self.sample_rate: int = self._library.espeak_Initialize(_SYNCHRONOUS, 0, data, options)
        if self.sample_rate <= 0:
            raise RuntimeError("espeak-ng could not be initialised: its data files are missing.")
        self._sound: list[bytes] = []
        self._events: list[tuple[int, str]] = []
        self._callback = _CALLBACK(self._hear)
        self._library.espeak_SetSynthCallback(self._callback)

    def _hear(self, samples: Any, count: int, events: Any) -> int:
        if samples and count > 0:
            self._sound.append(ctypes.string_at(samples, 2 * count))
        index = 0
        while events[index].type != _LIST_END:
            event = events[index]
            if event.type == _PHONEME:
                self._events.append((event.sample, event.id.string.decode("utf-8", "ignore")))
            index += 1
        return 0

    def speak(self, request: Message) -> tuple[Message, bytes]:
        voices = [str(name) for name in request["voices"]]
        if not any(self._library.espeak_SetVoiceByName(name.encode()) == 0 for name in voices):
            raise ValueError(f"espeak-ng has no voice called {voices[0]}.")
        for parameter, name in ((_RATE, "rate"), (_PITCH, "pitch"), (_RANGE, "range")):
            self._library.espeak_SetParameter(parameter, int(request[name]), 0)
        self._sound.clear()
        self._events.clear()
        text = str(request["text"]).encode()
        self._library.espeak_Synth(text, len(text) + 1, 0, _CHARACTERS, 0, _UTF8, None, None)
        sound = b"".join(self._sound)
        return {"sample_rate": self.sample_rate, "phonemes": self._phonemes(len(sound) // 2)}, sound

    def _phonemes(self, samples: int) -> list[tuple[str, float, float]]:
        """Every sound lasts until the next event; events without a symbol are pauses."""
        ends = [start for start, _ in self._events[1:]] + [samples]
        spoken: list[tuple[str, float, float]] = []
        for (start, name), end in zip(self._events, ends, strict=False):
            # Stress, length and language marks say nothing about the shape of the mouth.
            symbol = re.sub(r"\([^)]*\)|[ˈˌː_:'|-]", "", name).strip()
            if symbol and end > start:
                spoken.append((symbol, round(start / self.sample_rate, 4), round(end / self.sample_rate, 4)))
        return spoken


def main() -> None:
    engine: _Espeak | None = None

    def handle(request: Message) -> tuple[Message, bytes]:
        nonlocal engine
        engine = engine or _Espeak()
        return engine.speak(request)

    serve(handle)


if __name__ == "__main__":
    main()
