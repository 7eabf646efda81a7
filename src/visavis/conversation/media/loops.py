"""Silent loops, encoded once per replica, size and codec, and kept for every call and every later start.

While a face only listens, its picture costs no drawing and no encoding: these packets are sent as they are.
"""

from __future__ import annotations

import hashlib
import os
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
import structlog

from visavis.replica.ports import I420, Face, FaceState

from .encoders import VideoCodec, video_encoder

log = structlog.get_logger(__name__)

LEISURE = 1.0
"""Seconds rested per second of work: calls come first, and live pictures stand in until a loop is ready."""


class LoopKey(NamedTuple):
    """What makes two calls share a loop."""

    replica: str
    codec: VideoCodec
    width: int
    height: int
    fps: int
    bitrate: int


class LoopStore:
    """Encodes loops in the background, one at a time, and hands out the packets once they are complete.

    `folder` keeps them for the next start. A stored loop is used only if three of its pictures, drawn anew, are what
    they were when it was encoded, so a changed face or renderer is noticed.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._packets: dict[tuple[LoopKey, FaceState], Sequence[bytes]] = {}
        self._asked: set[tuple[LoopKey, FaceState]] = set()
        self._lock = threading.Lock()
        self._worker = ThreadPoolExecutor(1, "loops", initializer=_step_back)
        self._closed = threading.Event()

    def packets(self, key: LoopKey, state: FaceState) -> Sequence[bytes] | None:
        """The loop's packets, one per picture, or None while they are not ready."""
        return self._packets.get((key, state))

    def prepare(self, key: LoopKey, state: FaceState, face: Face) -> None:
        """Make the loop in the background unless that was asked before. Uses only `face.loop`, not its clock."""
        wanted = (key, state)
        with self._lock:
            if wanted in self._asked or self._closed.is_set():
                return
            self._asked.add(wanted)
        self._worker.submit(self._make, wanted, face.loop(state), face.loop_step)

    def _make(self, wanted: tuple[LoopKey, FaceState], pictures: Sequence[I420], step: int) -> None:
        try:
            fingerprint = _fingerprint(wanted[0], pictures)
            stored = self._folder / f"{fingerprint}.npz" if self._folder else None
            packets = _load(stored, len(pictures)) if stored else None
            if packets is None:
                packets = self._encode(wanted[0], pictures, step)
                if stored and packets:
                    _save(stored, packets)
        except Exception:
            # The call goes on with live pictures; only the saving is lost.
            log.exception("loops.failed", replica=wanted[0].replica, state=wanted[1])
        else:
            if packets:
                self._packets[wanted] = packets

    def _encode(self, key: LoopKey, pictures: Sequence[I420], step: int) -> list[bytes]:
        """All packets of the loop; empty when the store was closed meanwhile."""
        encoder = video_encoder(key.codec, key.width, key.height, key.fps, key.bitrate, step)
        packets: list[bytes] = []
        for index in range(len(pictures)):
            began = time.thread_time()
            packets.append(encoder.encode(pictures[index], key_frame=index % step == 0))
            if self._closed.wait((time.thread_time() - began) * LEISURE):
                return []
        return packets if all(packets) else []

    def close(self) -> None:
        self._closed.set()
        self._worker.shutdown(wait=True, cancel_futures=True)


def _step_back() -> None:
    """Let live calls have the processor first, where the system has priorities per thread."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)


def _fingerprint(key: LoopKey, pictures: Sequence[I420]) -> str:
    digest = hashlib.sha256(repr((key[1:], len(pictures))).encode())
    for part in range(3):
        digest.update(np.ascontiguousarray(pictures[part * len(pictures) // 3]).data)
    return digest.hexdigest()[:32]


def _load(path: Path, count: int) -> list[bytes] | None:
    try:
        with np.load(path, allow_pickle=False) as stored:
            sizes, data = stored["sizes"], stored["data"].tobytes()
    except (OSError, ValueError, KeyError):
        return None
    ends = np.cumsum(sizes)
    if len(sizes) != count or not count or int(ends[-1]) != len(data):
        return None
    return [data[end - size : end] for size, end in zip(sizes.tolist(), ends.tolist(), strict=True)]


def _save(path: Path, packets: Sequence[bytes]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".tmp.npz")
    np.savez(partial, sizes=np.array([len(p) for p in packets]), data=np.frombuffer(b"".join(packets), np.uint8))
    partial.replace(path)
