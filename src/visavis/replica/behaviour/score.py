"""What is to be said, and for every sample of it the mouth and the gesture that belong there."""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from visavis.replica.ports import OUTPUT_RATE, Pcm, Speech, TimedPhoneme
from visavis.replica.pose import Articulators
from visavis.replica.visemes import TRACK_RATE, articulate, articulate_audio
from visavis.replica.visemes.track import Track

from .channels import CHANNELS, COLUMN, Row
from .prosody import gestures

SPEECH_LIMIT = 120.0
"""Most seconds of speech that may wait."""

# Lips lead the sound: the picture stays for 1 / fps and is made for its middle, and speakers shape a sound before they
# sound it. A viewer does not notice 45 ms of lead (ITU-R BT.1359-1), and the sound is never held back for it.
MOUTH_LEAD = 0.040
# The head follows its targets about this late, so it is given them early.
GESTURE_LEAD = 0.160
_CONTEXT = 0.5
PRIMARY_STRESS = "ˈ"


class SpeechOverflowError(RuntimeError):
    """More speech was pushed than may wait to be spoken."""


@dataclass(slots=True)
class Cue:
    """What one frame has to say. `mouth` is None when there is nothing to say.

    `audio` has exactly `OUTPUT_RATE / fps` samples, all of `generation`, or is None; `cut` tells that the mouth no
    longer continues what it was doing; `blink` that a blink would be natural here.
    """

    audio: Pcm | None = None
    generation: int | None = None
    tags: tuple[object, ...] = ()
    ended: bool = False
    mouth: Articulators | None = None
    gesture: Row = field(default_factory=lambda: np.zeros(len(CHANNELS)))
    blink: bool = False
    cut: bool = False


@dataclass(slots=True, eq=False)
class _Item:
    speech: Speech
    before: list[TimedPhoneme]
    track: Track
    gestures: Row
    at: int = 0

    @property
    def seconds(self) -> float:
        return len(self.speech.audio) / OUTPUT_RATE

    @property
    def left(self) -> int:
        return len(self.speech.audio) - self.at


class Score:
    """A bounded queue of speech. One thread pushes and clears while another takes."""

    def __init__(self, fps: int, seed: int) -> None:
        if fps <= 0 or OUTPUT_RATE % fps:
            raise ValueError(f"The frame rate must divide {OUTPUT_RATE} samples evenly; {fps} does not.")
        self.samples = OUTPUT_RATE // fps
        self._seed = seed
        self._pushed = 0
        self._items: deque[_Item] = deque()
        self._cleared: int | None = None
        self._cut = False
        self._lock = threading.Lock()

    @property
    def queued(self) -> float:
        """Seconds of sound not yet taken."""
        with self._lock:
            return sum(item.left for item in self._items) / OUTPUT_RATE

    def push(self, speech: Speech) -> None:
        """Queue `speech`; ignored if its generation was cleared.

        Costs about 1 ms per second of speech without phonemes and 0.2 ms with. Raises ValueError for sound that is
        not mono int16, and `SpeechOverflowError` when more than `SPEECH_LIMIT` seconds would wait.
        """
        audio = speech.audio
        if audio.ndim != 1 or audio.dtype != np.int16:
            raise ValueError(f"Speech must be mono int16, not {audio.dtype} of shape {audio.shape}.")
        if self.is_cleared(speech.generation):
            return
        waiting, adding = self.queued, len(audio) / OUTPUT_RATE
        if waiting + adding > SPEECH_LIMIT:
            raise SpeechOverflowError(
                f"{waiting:.1f} s of speech are waiting to be spoken; "
                f"{adding:.1f} s more would exceed {SPEECH_LIMIT:.0f} s."
            )
        self._pushed += 1
        with self._lock:
            last = self._items[-1] if self._items else None
        joined = last if last is not None and last.speech.phonemes and speech.phonemes else None
        before = _shifted(joined.speech.phonemes, -joined.seconds, since=-_CONTEXT) if joined else []
        item = _Item(
            speech,
            before,
            _mouths(speech, before),
            gestures(
                audio,
                OUTPUT_RATE,
                np.random.default_rng([self._seed, self._pushed]),
                [(p.start + p.end) / 2 for p in speech.phonemes if PRIMARY_STRESS in p.symbol],
                TRACK_RATE,
            ),
        )
        # The speech before ended in rest as if nothing followed; now that something does, its last mouths lead on.
        relaid = None
        if joined is not None:
            after = _shifted(speech.phonemes, joined.seconds, until=joined.seconds + _CONTEXT)
            relaid = articulate([*joined.before, *joined.speech.phonemes, *after], joined.seconds)
        with self._lock:
            if joined is not None and relaid is not None:
                joined.track = relaid
            self._items.append(item)

    def clear(self, generation: int) -> float:
        """Drop speech of `generation` and older, now and later; return the seconds dropped."""
        with self._lock:
            self._cleared = generation if self._cleared is None else max(self._cleared, generation)
            dropped = [item for item in self._items if item.speech.generation <= self._cleared]
            self._cut = self._cut or bool(self._items and self._items[0].speech.generation <= self._cleared)
            self._items = deque(item for item in self._items if item.speech.generation > self._cleared)
            return sum(item.left for item in dropped) / OUTPUT_RATE

    def is_cleared(self, generation: int) -> bool:
        with self._lock:
            return self._cleared is not None and generation <= self._cleared

    def take(self) -> Cue:
        """Take the next frame's worth."""
        with self._lock:
            cue = Cue(cut=self._cut)
            self._cut = False
            if any(item.left for item in self._items):
                item, row = self._ahead(MOUTH_LEAD)
                cue.mouth = item.track[row]
                item, row = self._ahead(GESTURE_LEAD)
                cue.gesture = item.gestures[row]
            tags: list[object] = []
            parts: list[Pcm] = []
            missing = self.samples
            while self._items and (missing or not self._items[0].left):
                item = self._items[0]
                if cue.generation not in (None, item.speech.generation):
                    break
                cue.generation = item.speech.generation
                part = item.speech.audio[item.at : item.at + missing]
                if len(part):
                    parts.append(part)
                    cue.blink = cue.blink or _blinks(item, item.at, item.at + len(part))
                    item.at += len(part)
                    missing -= len(part)
                if not item.left:
                    self._items.popleft()
                    if item.speech.tag is not None:
                        tags.append(item.speech.tag)
            cue.tags = tuple(tags)
            cue.ended = bool(parts or tags) and not self._items
        if parts:
            cue.audio = np.concatenate([*parts, np.zeros(missing, np.int16)])
        return cue

    def _ahead(self, seconds: float) -> tuple[_Item, int]:
        """The speech and its row that sound `seconds` from now; the very last row when nothing sounds by then.

        Holding the last row leaves coming to rest to the silent face, which does it smoothly.
        """
        sample = round(seconds * OUTPUT_RATE)
        sounding = [item for item in self._items if item.left]
        for item in sounding:
            if sample < item.left:
                row = round((item.at + sample) * TRACK_RATE / OUTPUT_RATE)
                return item, min(row, len(item.track) - 1)
            sample -= item.left
        return sounding[-1], len(sounding[-1].track) - 1


def _mouths(speech: Speech, before: list[TimedPhoneme]) -> Track:
    seconds = len(speech.audio) / OUTPUT_RATE
    if speech.phonemes:
        return articulate([*before, *speech.phonemes], seconds)
    return articulate_audio(speech.audio, OUTPUT_RATE)


def _shifted(
    phonemes: Sequence[TimedPhoneme], by: float, since: float = -math.inf, until: float = math.inf
) -> list[TimedPhoneme]:
    moved = (TimedPhoneme(p.symbol, p.start + by, p.end + by) for p in phonemes)
    return [p for p in moved if p.end > since and p.start < until]


def _blinks(item: _Item, start: int, end: int) -> bool:
    rows = slice(start * TRACK_RATE // OUTPUT_RATE, end * TRACK_RATE // OUTPUT_RATE)
    return bool(item.gestures[rows, COLUMN["blink"]].any())
