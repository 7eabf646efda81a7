"""Phonemes with times → articulators over time, with the coarticulation that makes it look spoken."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import takewhile
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from visavis.replica.ports import TimedPhoneme
from visavis.replica.pose import ARTICULATORS

from .ipa import Sound, sounds
from .targets import TARGETS, VOWELS, Viseme

TRACK_RATE = 100
"""Articulator vectors per second of a track."""

Track = NDArray[np.float32]

# The lips need about 70 ms from one vowel to the next and half of that for a closure (research spike, by eye and by
# lip-opening correlation on the rendered video).
VOWEL_SMOOTHING = 0.070
CLOSURE_SMOOTHING = 0.035
# A pause shorter than this is a stop's silence or a word boundary: the mouth does not shut for it.
PAUSE = 0.120
# Two frames at 25 fps see a closure, whatever their phase, when it lasts 80 ms; the rest is the smoothing's slopes.
CLOSURE_HOLD = 0.105
TUCK_HOLD = 0.080
# Lips round this long before the rounded vowel, through consonants that leave them free.
ROUNDING_LEAD = 0.160
ROUNDING_SHARE = 0.75
# How long the mouth takes to fall shut at a pause and to part before the first sound after it.
EASE = 0.080
_EASE_SHARE = 0.35
_SHORTEST = 0.020
_MARGIN = 0.2

JAW, WIDE, UP, LOW, PRESS, TUCK, ROUND, TONGUE = range(len(ARTICULATORS))


class _Segment(NamedTuple):
    start: float
    end: float
    viseme: Viseme
    target: Track


def articulate(phonemes: Sequence[TimedPhoneme], duration: float, rate: int = TRACK_RATE) -> Track:
    """Return the mouth of `phonemes` as float32 of shape (ceil(duration * rate), 8), columns as in `ARTICULATORS`.

    Row k is the mouth at k / rate seconds. Phonemes may lie partly outside 0..duration (what is spoken before and after
    shapes the edges); before the first and after the last the mouth is at rest. Raises ValueError for a negative
    duration or a rate that is not positive.
    """
    if not (duration >= 0 and math.isfinite(duration)) or rate <= 0:
        raise ValueError(f"A track needs a duration of at least 0 s and a positive rate, not {duration} s at {rate}/s.")
    count = math.ceil(duration * rate - 1e-9)
    segments = _with_pauses(_rounded(_segments(phonemes)))
    if not segments or count == 0:
        return np.zeros((count, len(ARTICULATORS)), np.float32)
    margin = math.ceil(_MARGIN * rate)
    times = np.arange(-margin, count + margin, dtype=np.float64) / rate
    raw = _sampled(segments, times)
    slow, fast = smooth(raw, VOWEL_SMOOTHING * rate), smooth(raw, CLOSURE_SMOOTHING * rate)
    track = slow
    track[:, TUCK] = fast[:, TUCK]
    _hold(track, _held(segments, "PP", CLOSURE_HOLD), _held(segments, "FF", TUCK_HOLD), times)
    return np.ascontiguousarray(track[margin : margin + count])


def smooth(track: Track, width: float) -> Track:
    """Return `track` (n, k) low-passed by a Hann window of `width` rows at half height; the ends are held."""
    half = max(1, round(width))
    kernel = np.hanning(2 * half + 1)
    kernel /= kernel.sum()
    padded = np.pad(track, ((half, half), (0, 0)), mode="edge")
    columns = [np.convolve(padded[:, column], kernel, "valid") for column in range(track.shape[1])]
    return np.stack(columns, axis=1).astype(np.float32)


def _segments(phonemes: Sequence[TimedPhoneme]) -> list[_Segment]:
    """Split symbols into mouths, give transparent ones their neighbour's, and bridge gaps that are no pause."""
    pieces: list[tuple[float, float, Sound]] = []
    for phoneme in sorted(phonemes, key=lambda p: p.start):
        parts = sounds(phoneme.symbol)
        if not parts or not (math.isfinite(phoneme.start) and math.isfinite(phoneme.end)):
            continue
        length = max(phoneme.end - phoneme.start, _SHORTEST)
        total, start = sum(part.weight for part in parts), phoneme.start
        for part in parts:
            end = start + length * part.weight / total
            pieces.append((start, end, part))
            start = end
    visible = [_borrowed(pieces, index) for index in range(len(pieces))]
    segments: list[_Segment] = []
    for index, ((start, end, _), sound) in enumerate(zip(pieces, visible, strict=True)):
        following = pieces[index + 1][0] if index + 1 < len(pieces) else math.inf
        bridged = following if following - end <= PAUSE else end
        if bridged > start:
            segments.append(_Segment(start, bridged, sound.viseme, TARGETS[sound.viseme] * np.float32(sound.strength)))
    return segments


def _borrowed(pieces: list[tuple[float, float, Sound]], index: int) -> Sound:
    """The sound itself, or for a transparent one the next visible sound without a pause between, else the last."""
    start, end, sound = pieces[index]
    if not sound.transparent:
        return sound
    for next_start, next_end, neighbour in pieces[index + 1 :]:
        if next_start - end > PAUSE:
            break
        if not neighbour.transparent:
            return neighbour._replace(strength=neighbour.strength * 0.8)
        end = next_end
    for _, previous_end, neighbour in reversed(pieces[:index]):
        if start - previous_end > PAUSE:
            break
        if not neighbour.transparent:
            return neighbour._replace(strength=neighbour.strength * 0.6)
    return sound


def _rounded(segments: list[_Segment]) -> list[_Segment]:
    """Let consonants anticipate the rounding of the vowel they lead to."""
    result = list(segments)
    for index in range(len(segments) - 2, -1, -1):
        here, following = result[index], result[index + 1]
        if here.viseme in VOWELS or following.start - here.end > 1e-6:
            continue
        vowel = next((s for s in segments[index + 1 :] if s.viseme in VOWELS), None)
        share = float(following.target[ROUND]) * ROUNDING_SHARE
        if vowel is None or vowel.start - here.end > ROUNDING_LEAD or share <= here.target[ROUND]:
            continue
        target = here.target.copy()
        target[ROUND] = share
        target[WIDE] *= 1 - share
        result[index] = here._replace(target=target)
    return result


def _with_pauses(segments: list[_Segment]) -> list[_Segment]:
    """Put a half-open step at both edges of a pause, so that lips part before speech and fall shut after it."""
    result: list[_Segment] = []
    for index, segment in enumerate(segments):
        before = segments[index - 1].end if index else -math.inf
        after = segments[index + 1].start if index + 1 < len(segments) else math.inf
        ease = TARGETS["sil"] if segment.viseme == "PP" else segment.target * np.float32(_EASE_SHARE)
        if segment.start - before > PAUSE:
            result.append(_Segment(segment.start - EASE / 2, segment.start, "sil", ease))
        result.append(segment)
        if after - segment.end > PAUSE:
            result.append(_Segment(segment.end, segment.end + EASE, "sil", ease))
    return result


def _sampled(segments: list[_Segment], times: NDArray[np.float64]) -> Track:
    """The target of the segment at each time; rest between segments."""
    starts = np.array([s.start for s in segments])
    ends = np.array([s.end for s in segments])
    targets = np.stack([s.target for s in segments])
    index = np.searchsorted(starts, times + 1e-9, side="right") - 1
    inside = (index >= 0) & (times < ends[index] - 1e-9)
    return np.where(inside[:, None], targets[index], np.float32(0)).astype(np.float32)


def _held(segments: list[_Segment], viseme: Viseme, hold: float) -> list[tuple[float, float]]:
    """When `viseme` is made, widened to `hold` but never over more than half of a neighbour."""
    spans: list[tuple[float, float]] = []
    for index, segment in enumerate(segments):
        if segment.viseme != viseme:
            continue
        missing = max(0.0, hold - (segment.end - segment.start))
        before = _room(segments[:index][::-1])
        after = _room(segments[index + 1 :])
        # Lips meet before a stop is heard: its burst is their parting, and some engines mark only the burst. So the
        # closure grows backwards, and into the next sound only where there is no room.
        back = min(before, missing)
        spans.append((segment.start - back, segment.end + min(after, missing - back)))
    return spans


def _room(neighbours: list[_Segment]) -> float:
    """Half of the vowel next to it (all parts of a diphthong), or of the one consonant; no limit at a pause."""
    if not neighbours or neighbours[0].viseme == "sil":
        return math.inf
    vowel = list(takewhile(lambda segment: segment.viseme in VOWELS, neighbours)) or neighbours[:1]
    return sum(segment.end - segment.start for segment in vowel) / 2


def _hold(
    track: Track, closures: list[tuple[float, float]], tucks: list[tuple[float, float]], times: NDArray[np.float64]
) -> None:
    """Write closures and tucks over what the neighbours do: a closure is not a small opening, it is none."""
    rate = 1.0 / float(times[1] - times[0])
    closed = _envelope(closures, times, rate)
    tucked = _envelope(tucks, times, rate)
    track[:, TUCK] = np.maximum(track[:, TUCK], tucked * TARGETS["FF"][TUCK]) * (1 - closed)
    track[:, JAW] = _toward(track[:, JAW], float(TARGETS["FF"][JAW]), tucked)
    track[:, UP] = _toward(track[:, UP], float(TARGETS["FF"][UP]), tucked)
    track[:, LOW] *= 1 - 0.9 * tucked
    track[:, TONGUE] *= 1 - np.maximum(closed, tucked)
    for column in (JAW, UP, LOW):
        track[:, column] *= 1 - closed
    track[:, PRESS] = closed * TARGETS["PP"][PRESS]


def _toward(values: NDArray[np.float32], target: float, amount: NDArray[np.float32]) -> NDArray[np.float32]:
    return (values + (np.float32(target) - values) * amount).astype(np.float32)


def _envelope(spans: list[tuple[float, float]], times: NDArray[np.float64], rate: float) -> NDArray[np.float32]:
    """1 inside the spans with slopes of a closure's speed; the plateau reaches exactly 1."""
    box = np.zeros((len(times), 1), np.float32)
    for start, end in spans:
        box[(times >= start - 1e-9) & (times < end - 1e-9)] = 1
    slopes: NDArray[np.float32] = smooth(box, CLOSURE_SMOOTHING * rate)[:, 0] * np.float32(1.15)
    return np.minimum(slopes, np.float32(1))
