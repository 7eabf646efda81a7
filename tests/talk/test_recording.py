"""A recording is in sync, begins with the first picture, and survives what a network does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import av
import numpy as np
import pytest
from beeping_server import BEEP, BeepingServer

from visavis.engines.ports import Pcm
from visavis.talk.client import TalkClient
from visavis.talk.errors import TalkError
from visavis.talk.recording import Recording


def bright(path: Path) -> list[float]:
    """Times of the bright pictures."""
    with av.open(str(path)) as file:
        return [f.time for f in file.decode(video=0) if f.to_ndarray(format="gray")[0, 0] > 150]


def loud(path: Path) -> list[float]:
    """Times of the loud milliseconds."""
    times: list[float] = []
    with av.open(str(path)) as file:
        for frame in file.decode(audio=0):
            samples = np.abs(frame.to_ndarray()[0])
            times += [
                frame.time + i / 48_000 for i in range(0, len(samples) - 47, 48) if samples[i : i + 48].max() > 0.1
            ]
    return times


def bursts(times: list[float]) -> Iterator[tuple[float, float]]:
    """First and last moment of each stretch without a pause of 0.3 s."""
    start = previous = times[0]
    for at in times[1:]:
        if at - previous > 0.3:
            yield start, previous
            start = at
        previous = at
    yield start, previous


async def test_picture_and_sound_of_a_call_are_in_sync(server: BeepingServer, words: Pcm, tmp_path: Path) -> None:
    path = tmp_path / "reply.mp4"
    async with TalkClient(server.url, "c1", recording=path) as client:
        await client.next_reply(5)
        await client.speak(words, 16_000)
        await client.next_reply(5)

    flashes, beeps = list(bursts(bright(path))), list(bursts(loud(path)))
    assert len(flashes) == len(beeps) == 2
    for flash, beep in zip(flashes, beeps, strict=True):
        assert beep[0] == pytest.approx(flash[0], abs=0.045)
        assert beep[1] - beep[0] == pytest.approx(BEEP, abs=0.05)
    with av.open(str(path)) as file:
        assert {stream.codec_context.name for stream in file.streams} == {"h264", "aac"}
        assert next(file.decode(video=0)).time == pytest.approx(0.0, abs=0.02)
    assert client.recorded is not None
    assert client.recorded > 2


def picture(index: int, level: int, size: tuple[int, int] = (64, 48)) -> av.VideoFrame:
    frame = av.VideoFrame.from_ndarray(np.full((size[1], size[0], 3), level, np.uint8), format="rgb24")
    frame.pts = index * 3600
    return frame


def sound(index: int, on: bool) -> Pcm:
    phase = (np.arange(960) + index * 960) / 48_000 * 2 * np.pi * 440
    return (8000 * on * np.sin(phase)).astype(np.int16)


async def test_tracks_with_different_origins_share_one_axis(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "a.mp4")
    # Sound began half a second before the first picture.
    pictures, sounds = SimpleNamespace(offset=100.0), SimpleNamespace(offset=99.5)
    for index in range(75):
        recording.picture(picture(index, 230 if 50 <= index < 60 else 20), pictures)
        for half in (2 * index, 2 * index + 1):
            recording.sound(half * 960, sound(half, 125 <= half < 140), pictures, sounds)
    await recording.close(pictures, sounds)
    assert bright(recording.path)[0] == pytest.approx(2.0, abs=0.001)
    assert loud(recording.path)[0] == pytest.approx(2.0, abs=0.005)


async def test_lost_sound_leaves_a_gap_and_no_shift(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "a.mp4")
    both = SimpleNamespace(offset=7.0)
    for index in range(100):
        recording.picture(picture(index, 20), both)
        for half in (2 * index, 2 * index + 1):
            if not 60 <= half < 75:
                recording.sound(half * 960, sound(half, 150 <= half < 160), both, both)
    await recording.close(both, both)
    assert loud(recording.path)[0] == pytest.approx(3.0, abs=0.005)


async def test_a_picture_of_another_size_is_fitted(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "a.mp4")
    both = SimpleNamespace(offset=0.0)
    for index in range(60):
        recording.picture(picture(index, 20, (64, 48) if index < 30 else (128, 96)), both)
        recording.sound(2 * index * 960, sound(index, False), both, both)
    await recording.close(both, both)
    with av.open(str(recording.path)) as file:
        frames = list(file.decode(video=0))
    assert len(frames) == 60
    assert {(frame.width, frame.height) for frame in frames} == {(64, 48)}


async def test_a_call_without_pictures_is_recorded_as_sound(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "a.mp4")
    sounds = SimpleNamespace(offset=3.0)
    for index in range(300):
        recording.sound(index * 960, sound(index, index >= 100), None, sounds)
    await recording.close(None, sounds)
    assert loud(recording.path)[0] == pytest.approx(2.0, abs=0.01)
    with av.open(str(recording.path)) as file:
        assert [stream.type for stream in file.streams] == ["audio"]


async def test_a_path_that_cannot_be_written_is_refused_before_the_call(server: BeepingServer, tmp_path: Path) -> None:
    (tmp_path / "folder.mp4").mkdir()
    with pytest.raises(TalkError, match=r"folder\.mp4 cannot be written"):
        async with TalkClient(server.url, "c1", recording=tmp_path / "folder.mp4"):
            pass
    assert not server.seen.connects
