"""A face in one call: speech in, frames out, on one clock counted in samples."""

from __future__ import annotations

import threading
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, overload
from weakref import WeakValueDictionary

from .behaviour import Animator, Score, SilentLoops, SpeechOverflowError, silent_loops
from .ports import I420, Face, FaceState, Frame, Speech
from .pose import Pose

__all__ = ["LoopPictures", "MeshFace", "Renderer", "SpeechOverflowError"]


class Renderer(Protocol):
    """Draws one moment. Need not be thread-safe: a face never draws twice at once."""

    def draw(self, pose: Pose) -> I420: ...


class LoopPictures(Sequence[I420]):
    """A silent loop that draws a picture each time it is asked for one.

    A loop is some 100 MB of pictures, and whoever encodes it needs each of them once; so none is kept. May be read
    from any thread.
    """

    def __init__(self, loops: SilentLoops, state: FaceState, draw: Callable[[Pose], I420]) -> None:
        self._loops = loops
        self._state = state
        self._draw = draw

    def __len__(self) -> int:
        return self._loops.period

    @overload
    def __getitem__(self, index: int) -> I420: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[I420]: ...
    def __getitem__(self, index: int | slice) -> I420 | Sequence[I420]:
        """Draw one picture; a slice draws all of its pictures at once."""
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        if not -len(self) <= index < len(self):
            raise IndexError(f"The loop has {len(self)} pictures; there is no number {index}.")
        return self._draw(self._loops.pose(self._state, index))


class MeshFace(Face):
    """A face drawn by a mesh renderer.

    `source` is the path of a replica's bundle, or a renderer of pictures of the given size. `seed` decides every
    gesture; by default each bundle has its own, the same in every call, because calls share the encoded loops.
    Opening a bundle takes up to a second: construct the face in a thread. `next` may run in a worker thread while the
    owner's thread pushes, clears or changes the state; it never holds a lock while it draws.

    Raises ValueError for a size that is not positive and even, or a frame rate that does not divide 48 kHz, and
    `bundle.BundleError` for a bundle that cannot be read.
    """

    def __init__(
        self, source: Path | str | Renderer, *, width: int, height: int, fps: int = 25, seed: int | None = None
    ) -> None:
        if width <= 0 or height <= 0 or width % 2 or height % 2:
            raise ValueError(f"A picture's width and height must be positive and even, not {width}×{height}.")
        self.fps, self.width, self.height = fps, width, height
        path = Path(source) if isinstance(source, str | Path) else None
        self._seed = (zlib.crc32(path.name.encode()) if path else 0) if seed is None else seed
        self._score = Score(fps, self._seed)
        loops = silent_loops(fps, self._seed)
        if isinstance(source, str | Path):
            renderer = _opener(Path(source), width, height)()
            self._draw = _Studio(lambda: renderer).draw
            loop_draw = _loop_studio(Path(source), width, height).draw
        else:
            self._draw = loop_draw = _Studio(lambda: source).draw
        self._loops: dict[FaceState, LoopPictures] = {
            state: LoopPictures(loops, state, loop_draw) for state in ("idle", "listening", "thinking")
        }
        self._period = loops.period
        self._animator = Animator(loops, self.loop_step)
        self._state: FaceState = "idle"
        self._index = 0

    @property
    def loop_step(self) -> int:
        """One second."""
        return self.fps

    @property
    def queued(self) -> float:
        return self._score.queued

    def push(self, speech: Speech) -> None:
        """Queue speech; raises `SpeechOverflowError` when more than two minutes would wait."""
        self._score.push(speech)

    def clear(self, generation: int) -> float:
        return self._score.clear(generation)

    def set_state(self, state: FaceState) -> None:
        if state not in self._loops:
            raise ValueError(f"A silent face is idle, listening or thinking, not {state!r}.")
        self._state = state

    def loop(self, state: FaceState) -> Sequence[I420]:
        return self._loops[state]

    def next(self) -> Frame:
        index, state = self._index, self._state
        self._index += 1
        cue = self._score.take()
        moment = self._animator.step(index, cue, state)
        generation = None if cue.audio is None else cue.generation
        frame = Frame(index, cue.audio, None, generation=generation, tags=cue.tags, end_of_speech=cue.ended)
        if isinstance(moment, str):
            frame.loop, frame.loop_index = moment, index % self._period
        else:
            frame.image = self._draw(moment)
        if cue.generation is not None and self._score.is_cleared(cue.generation):
            # Cleared while its picture was drawn: what was cut off is not heard.
            frame.audio, frame.generation, frame.tags, frame.end_of_speech = None, None, (), False
        return frame


class _Studio:
    """A renderer opened on first use, drawing one picture at a time."""

    def __init__(self, opener: Callable[[], Renderer]) -> None:
        self._opener = opener
        self._renderer: Renderer | None = None
        self._lock = threading.Lock()

    def draw(self, pose: Pose) -> I420:
        with self._lock:
            if self._renderer is None:
                self._renderer = self._opener()
            return self._renderer.draw(pose)


def _opener(path: Path, width: int, height: int) -> Callable[[], Renderer]:
    def opened() -> Renderer:
        from .bundle import Bundle
        from .render import MeshRenderer

        return MeshRenderer(Bundle.load(path), width, height)

    return opened


_loop_studios: WeakValueDictionary[tuple[str, int, int, int], _Studio] = WeakValueDictionary()
_loop_studios_lock = threading.Lock()


def _loop_studio(path: Path, width: int, height: int) -> _Studio:
    """The one renderer that draws the loops of a bundle at a size, for every call, as long as a face needs it.

    A bundle that was made again is another one.
    """
    made = (path / "meta.json").stat().st_mtime_ns
    key = (str(path.resolve()), made, width, height)
    with _loop_studios_lock:
        studio = _loop_studios.get(key)
        if studio is None:
            studio = _loop_studios[key] = _Studio(_opener(path, width, height))
        return studio
