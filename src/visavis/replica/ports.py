"""The face as the rest of the program sees it: push speech in, take sound and pictures out, clear at any time.

Sound passes *through* the renderer and comes out beside the picture that belongs to it, so lips cannot drift: there
is one clock, counted in samples of `OUTPUT_RATE`. Pictures are planar I420 (`uint8`, shape `(height * 3 // 2, width)`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Pcm = NDArray[np.int16]
I420 = NDArray[np.uint8]

OUTPUT_RATE = 48_000
"""Sample rate of the sound a replica makes, Hz."""

FaceState = Literal["idle", "listening", "thinking"]
"""What the face does while it is silent."""


@dataclass(frozen=True, slots=True)
class TimedPhoneme:
    """An IPA symbol (may be a diphthong) and when it sounds, seconds from the start of its speech."""

    symbol: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Speech:
    """Sound to be spoken next. `audio` is mono int16 at `OUTPUT_RATE`; `generation` names the reply it belongs to.

    `phonemes` empty means unknown: the face then follows the sound itself.
    `tag` comes back on the frames that carry this sound, so that a caller knows what has been heard.
    """

    generation: int
    audio: Pcm
    phonemes: Sequence[TimedPhoneme] = ()
    tag: object | None = None


@dataclass(slots=True)
class Frame:
    """One picture and the sound beside it (`OUTPUT_RATE / fps` samples; None is silence).

    Either `image` is a picture drawn for this moment, or it is None and `loop`/`loop_index` say which picture of a
    prepared loop to show (see `Face.loop`), which costs nothing. `generation` is None while the face is silent.
    `tags` are those of the speeches whose *last* sample lies in this frame; `end_of_speech` is True on the frame
    after which nothing more is queued.
    """

    index: int
    audio: Pcm | None
    image: I420 | None
    loop: FaceState | None = None
    loop_index: int = 0
    generation: int | None = None
    tags: tuple[object, ...] = ()
    end_of_speech: bool = False


class Face(Protocol):
    """A replica in one call. Not thread-safe: one owner calls it."""

    fps: int
    width: int
    height: int

    def push(self, speech: Speech) -> None:
        """Queue speech after whatever is queued already. Sound of a cleared generation is dropped."""
        ...

    def clear(self, generation: int) -> float:
        """Drop everything queued of `generation` and older; the mouth eases to rest in about 120 ms.

        Return how many seconds of sound were dropped.
        """
        ...

    @property
    def queued(self) -> float:
        """Seconds of sound not yet given out."""
        ...

    def set_state(self, state: FaceState) -> None: ...

    def next(self) -> Frame:
        """Give the next frame, 1 / fps seconds after the last. May take milliseconds: call it in a thread."""
        ...

    def loop(self, state: FaceState) -> Sequence[I420]:
        """The pictures of a silent loop, in order; the same for every call with this replica and size.

        The face enters a loop only at multiples of `loop_step`, so those pictures must be key frames.
        """
        ...

    @property
    def loop_step(self) -> int: ...
