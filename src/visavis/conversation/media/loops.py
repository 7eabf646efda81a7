"""Silent loops, encoded once per replica, size and codec, and kept for every call of the process.

While a face only listens, its picture costs no drawing and no encoding: these packets are sent as they are.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from visavis.replica.ports import Face, FaceState

from .encoders import VideoCodec, video_encoder


class LoopKey(NamedTuple):
    """What makes two calls share a loop."""

    replica: str
    codec: VideoCodec
    width: int
    height: int
    fps: int
    bitrate: int


class LoopStore:
    """Encodes loops in the background, one at a time, and hands out the packets once they are complete."""

    def __init__(self) -> None:
        self._packets: dict[tuple[LoopKey, FaceState], Sequence[bytes]] = {}
        self._asked: set[tuple[LoopKey, FaceState]] = set()
        self._lock = threading.Lock()
        self._worker = ThreadPoolExecutor(1, "loops")
        self._closed = threading.Event()

    def packets(self, key: LoopKey, state: FaceState) -> Sequence[bytes] | None:
        """The loop's packets, one per picture, or None while they are not ready."""
        return self._packets.get((key, state))

    def prepare(self, key: LoopKey, state: FaceState, face: Face) -> None:
        """Encode the loop in the background unless that was asked before. Uses only `face.loop`, not its clock."""
        wanted = (key, state)
        with self._lock:
            if wanted in self._asked or self._closed.is_set():
                return
            self._asked.add(wanted)
        self._worker.submit(self._encode, wanted, face.loop(state), face.loop_step)

    def _encode(self, wanted: tuple[LoopKey, FaceState], pictures: Sequence, step: int) -> None:  # type: ignore[type-arg]
        key, _ = wanted
        encoder = video_encoder(key.codec, key.width, key.height, key.fps, key.bitrate, step)
        packets: list[bytes] = []
        for index in range(len(pictures)):
            if self._closed.is_set():
                return
            packets.append(encoder.encode(pictures[index], key_frame=index % step == 0))
        if all(packets):
            self._packets[wanted] = packets

    def close(self) -> None:
        self._closed.set()
        self._worker.shutdown(wait=True, cancel_futures=True)
