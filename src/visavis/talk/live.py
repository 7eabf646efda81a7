"""This machine's own microphone and loudspeaker, when the `sounddevice` package is there."""

from __future__ import annotations

import asyncio
import importlib
import queue
from typing import TYPE_CHECKING, Any

import numpy as np

from visavis.engines.ports import Pcm

from .errors import TalkError
from .microphone import FRAME, RATE

if TYPE_CHECKING:
    from .client import TalkClient

MAX_WAITING = 25
"""Frames of 20 ms that may wait for the loudspeaker: half a second."""


class SoundCard:
    """Connects a client with the sound card while it is open (`async with`)."""

    def __init__(self, client: TalkClient) -> None:
        self._client = client
        self._loop = asyncio.get_running_loop()
        self._waiting: queue.Queue[Pcm] = queue.Queue(MAX_WAITING)
        self._streams: list[Any] = []

    async def __aenter__(self) -> SoundCard:
        try:
            sounddevice: Any = importlib.import_module("sounddevice")
        except (ImportError, OSError) as error:
            # OSError: the package is there, the PortAudio library is not.
            raise TalkError(
                "--mic needs the `sounddevice` package and its PortAudio library (pip install sounddevice). "
                "--say and --wav need nothing."
            ) from error
        form = {"samplerate": RATE, "blocksize": FRAME, "channels": 1, "dtype": "int16"}
        try:
            self._streams.append(sounddevice.InputStream(callback=self._heard, **form))
            self._streams.append(sounddevice.OutputStream(callback=self._play, **form))
            for stream in self._streams:
                stream.start()
        except sounddevice.PortAudioError as error:
            self._close()
            raise TalkError(f"The sound card cannot be used: {error}.") from error
        self._client.listen(self._queue)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._client.listen(None)
        self._close()

    def _close(self) -> None:
        for stream in self._streams:
            stream.close()
        self._streams.clear()

    def _heard(self, data: Any, _frames: int, _time: object, _status: object) -> None:
        """Called in the sound card's thread."""
        self._loop.call_soon_threadsafe(self._client.microphone.feed, data[:, 0].copy())

    def _queue(self, audio: Pcm) -> None:
        if self._waiting.full():
            self._waiting.get_nowait()
        self._waiting.put_nowait(audio)

    def _play(self, data: Any, frames: int, _time: object, _status: object) -> None:
        """Called in the sound card's thread."""
        try:
            audio = self._waiting.get_nowait()
        except queue.Empty:
            audio = np.zeros(0, np.int16)
        data[:, 0] = np.pad(audio[:frames], (0, max(0, frames - len(audio))))
