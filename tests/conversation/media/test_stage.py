"""The stage: one clock, packets that a decoder accepts across loops and live pictures, sound beside its picture."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import av
import numpy as np
import pytest
from tests.conversation.fakes import FakeFace

from visavis.conversation.media.encoders import OpusEncoder, VideoCodec
from visavis.conversation.media.loops import LoopKey, LoopStore
from visavis.conversation.media.stage import MediaUnit, Stage
from visavis.replica.ports import OUTPUT_RATE, Frame, Speech


class Watcher:
    """Collects what the stage shows."""

    def __init__(self, codec: VideoCodec | None) -> None:
        self.video_codec = codec
        self.units: list[MediaUnit] = []

    def show(self, unit: MediaUnit) -> None:
        self.units.append(unit)


@asynccontextmanager
async def a_stage(face: FakeFace, *, audio_only: bool = False) -> AsyncIterator[tuple[Stage, LoopStore, list[Frame]]]:
    loops, frames = LoopStore(), []
    stage = Stage(face, loops=loops, replica="r", bitrate=300_000, on_frame=frames.append, audio_only=audio_only)
    face.fps = 100
    stage.start(on_failure=lambda: pytest.fail("the stage broke"))
    try:
        yield stage, loops, frames
    finally:
        await stage.close()
        loops.close()


async def until(condition: Callable[[], object], seconds: float = 8.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


def decode(units: list[MediaUnit], codec: VideoCodec) -> list[int]:
    """The grey level of every picture, decoded as a browser would: strictly in order, from the first key frame."""
    decoder = av.CodecContext.create("h264" if codec == "H264" else "vp8", "r")
    levels = []
    for unit in units:
        for frame in decoder.decode(av.Packet(unit.pictures[codec])):
            levels.append(luma(frame))
    return levels + [luma(frame) for frame in decoder.decode(None)]


def luma(frame: av.VideoFrame) -> int:
    return round(float(frame.to_ndarray()[: frame.height].mean()))


@pytest.mark.parametrize("codec", ["H264", "VP8"])
async def test_pictures_decode_without_a_gap_through_loop_live_and_loop_again(codec: VideoCodec) -> None:
    face = FakeFace()
    watcher = Watcher(codec)
    async with a_stage(face) as (stage, loops, frames):
        stage.add(watcher)
        key = LoopKey("r", codec, 64, 64, 100, 300_000)
        await until(lambda: loops.packets(key, "idle"))
        await until(lambda: len(watcher.units) > 60)
        face.push(Speech(1, np.full(OUTPUT_RATE // 4, 3000, np.int16), tag="t"))
        await until(lambda: any(frame.end_of_speech for frame in frames))
        seen = len(watcher.units)
        await until(lambda: len(watcher.units) > seen + 40)
    levels = decode(watcher.units, codec)
    assert len(levels) == len(watcher.units)
    expected = [round(float(face.picture(60 + f.loop_index).mean())) if f.loop else 200 for f in frames[: len(levels)]]
    worst = max(abs(got - want) for got, want in zip(levels[5:], expected[5:], strict=False))
    assert worst <= 6
    assert [unit.index for unit in watcher.units] == list(range(len(watcher.units)))


async def test_silence_inside_a_loop_encodes_nothing_new() -> None:
    face = FakeFace()
    watcher = Watcher("H264")
    async with a_stage(face) as (stage, loops, _):
        stage.add(watcher)
        key = LoopKey("r", "H264", 64, 64, 100, 300_000)
        await until(lambda: loops.packets(key, "idle"))
        packets = set(loops.packets(key, "idle") or ())
        await until(lambda: len(watcher.units) > 30)
        await asyncio.sleep(0.5)
        assert all(unit.pictures["H264"] in packets for unit in watcher.units[-20:])


async def test_somebody_who_joins_later_gets_a_key_frame_at_once() -> None:
    face = FakeFace()
    first, second = Watcher("H264"), Watcher("H264")
    async with a_stage(face) as (stage, loops, _):
        stage.add(first)
        await until(lambda: loops.packets(LoopKey("r", "H264", 64, 64, 100, 300_000), "idle"))
        await until(lambda: len(first.units) > 60)
        stage.add(second)
        await until(lambda: len(second.units) > 3)
    assert any("H264" in unit.key_frames for unit in second.units[:2])


async def test_nothing_is_drawn_while_nobody_watches() -> None:
    face = FakeFace()
    watcher = Watcher("H264")
    async with a_stage(face) as (stage, _, frames):
        await asyncio.sleep(0.1)
        assert not frames
        stage.add(watcher)
        await until(lambda: len(frames) > 5)
        stage.remove(watcher)
        await asyncio.sleep(0.05)
        seen = len(frames)
        await asyncio.sleep(0.1)
        assert len(frames) == seen


async def test_audio_only_calls_carry_no_pictures() -> None:
    face = FakeFace()
    watcher = Watcher(None)
    async with a_stage(face, audio_only=True) as (stage, _, _frames):
        stage.add(watcher)
        await until(lambda: len(watcher.units) > 5)
    assert all(not unit.pictures for unit in watcher.units)


async def test_sound_comes_out_once_in_order_even_when_frames_and_packets_do_not_align() -> None:
    face = FakeFace()
    watcher = Watcher(None)
    sound = (10_000 * np.sin(np.arange(OUTPUT_RATE) * 2 * np.pi * 440 / OUTPUT_RATE)).astype(np.int16)
    async with a_stage(face, audio_only=True) as (stage, _, frames):
        face.fps = 30
        face.push(Speech(1, sound))
        stage.add(watcher)
        await until(lambda: any(frame.end_of_speech for frame in frames))
        await asyncio.sleep(0.2)
    numbers = [unit.audio_index + i for unit in watcher.units for i in range(len(unit.audio))]
    assert numbers == list(range(len(numbers)))
    decoder = av.CodecContext.create("libopus", "r")
    heard = [
        frame.to_ndarray()
        for unit in watcher.units
        for packet in unit.audio
        for frame in decoder.decode(av.Packet(packet))
    ]
    signal = np.concatenate([part.reshape(-1) for part in heard]).astype(float)
    loud = np.flatnonzero(np.abs(signal) > 0.2 * np.abs(signal).max())
    channels = 2 if len(signal) > len(numbers) * 960 * 1.5 else 1
    assert (loud[-1] - loud[0]) / channels / OUTPUT_RATE == pytest.approx(1.0, abs=0.05)


def test_long_silence_is_one_packet_again_and_again() -> None:
    encoder = OpusEncoder()
    encoder.encode(np.full(960, 1000, np.int16))
    packets = [encoder.encode(None) for _ in range(20)]
    assert len(set(packets[8:])) == 1


async def test_loops_are_kept_for_the_next_start_and_made_anew_when_the_face_has_changed(tmp_path: Path) -> None:
    key = LoopKey("r", "H264", 64, 64, 25, 300_000)

    async def prepared(face: FakeFace) -> tuple[list[bytes], set[Path]]:
        store = LoopStore(tmp_path)
        store.prepare(key, "idle", face)
        await until(lambda: store.packets(key, "idle"))
        packets = list(store.packets(key, "idle") or ())
        await asyncio.to_thread(store.close)
        return packets, set(tmp_path.iterdir())

    first, files = await prepared(FakeFace())
    again, same_files = await prepared(FakeFace())
    assert first == again and files == same_files and len(files) == 1

    other = FakeFace()
    other.picture = lambda level: np.full((96, 64), level // 2, np.uint8)  # type: ignore[method-assign]
    changed, more_files = await prepared(other)
    assert changed != first and len(more_files) == 2

    next(iter(files)).write_bytes(b"spoiled")
    repaired, _ = await prepared(FakeFace())
    assert repaired == first


async def test_a_viewer_that_breaks_does_not_end_the_show_for_the_others() -> None:
    class Broken(Watcher):
        def show(self, unit: MediaUnit) -> None:
            raise RuntimeError("no channel")

    face = FakeFace()
    fine = Watcher("H264")
    async with a_stage(face) as (stage, _, _frames):
        stage.add(Broken("H264"))
        stage.add(fine)
        await until(lambda: len(fine.units) > 5)
