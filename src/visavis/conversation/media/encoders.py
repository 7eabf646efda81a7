"""H.264, VP8 and Opus encoders, tuned for one talking head at low latency (docs/decisions/0003).

aiortc's own encoders cost four to five times as much for the same picture, so packets are made here and aiortc only
packetises them.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Literal, Protocol

import av
import numpy as np
from av.video.frame import PictureType

from visavis.replica.ports import I420, OUTPUT_RATE, Pcm

VideoCodec = Literal["H264", "VP8"]

VIDEO_CLOCK = Fraction(1, 90_000)
AUDIO_CLOCK = Fraction(1, OUTPUT_RATE)
OPUS_SAMPLES = OUTPUT_RATE // 50
"""Samples in one Opus packet: 20 ms."""

_NEVER = 1_000_000
"""Key frame interval of a live encoder: only on demand."""


class VideoEncoder(Protocol):
    def encode(self, image: I420, *, key_frame: bool) -> bytes:
        """Encode one I420 picture; a key frame can be decoded without anything before it."""
        ...


class _AvEncoder:
    def __init__(self, name: str, width: int, height: int, fps: int, bitrate: int, key_interval: int) -> None:
        codec = av.CodecContext.create(name, "w")
        codec.width, codec.height = width, height
        codec.pix_fmt = "yuv420p"
        codec.framerate = Fraction(fps, 1)
        codec.time_base = VIDEO_CLOCK
        codec.bit_rate = bitrate
        codec.gop_size = key_interval
        codec.thread_count = 1
        self._codec = codec
        self._step = 90_000 // fps
        self._count = 0

    def encode(self, image: I420, *, key_frame: bool) -> bytes:
        frame = av.VideoFrame.from_ndarray(image, format="yuv420p")
        frame.pts = self._count * self._step
        frame.time_base = VIDEO_CLOCK
        frame.pict_type = PictureType.I if key_frame else PictureType.NONE
        self._count += 1
        return b"".join(bytes(packet) for packet in self._codec.encode(frame))


class H264Encoder(_AvEncoder):
    """x264 superfast, zero latency, Baseline: the cheapest setting that looks like the dear ones."""

    def __init__(self, width: int, height: int, fps: int, bitrate: int, key_interval: int = _NEVER) -> None:
        super().__init__("libx264", width, height, fps, bitrate, key_interval)
        self._codec.profile = "Baseline"
        self._codec.options = {
            "preset": "superfast",
            "tune": "zerolatency",
            "level": "31",
            "maxrate": str(bitrate),
            "bufsize": str(bitrate // 2),
            "forced-idr": "1",
            "sc_threshold": "0",
        }


class Vp8Encoder(_AvEncoder):
    """libvpx at its realtime setting, for browsers without H.264."""

    def __init__(self, width: int, height: int, fps: int, bitrate: int, key_interval: int = _NEVER) -> None:
        super().__init__("libvpx", width, height, fps, bitrate, key_interval)
        self._codec.qmin, self._codec.qmax = 2, 56
        self._codec.options = {
            "deadline": "realtime",
            "cpu-used": "-12",
            "lag-in-frames": "0",
            "noise-sensitivity": "0",
            "static-thresh": "1",
            "bufsize": str(bitrate),
            "minrate": str(bitrate // 4),
            "maxrate": str(bitrate),
        }


def video_encoder(
    codec: VideoCodec, width: int, height: int, fps: int, bitrate: int, key_interval: int = _NEVER
) -> VideoEncoder:
    kind = H264Encoder if codec == "H264" else Vp8Encoder
    return kind(width, height, fps, bitrate, key_interval)


class OpusEncoder:
    """Mono speech at 32 kbit/s with in-band forward error correction; silence is one cached packet."""

    def __init__(self, bitrate: int = 32_000) -> None:
        codec = av.CodecContext.create("libopus", "w")
        codec.format = "s16"
        codec.layout = "mono"
        codec.sample_rate = OUTPUT_RATE
        codec.time_base = AUDIO_CLOCK
        codec.bit_rate = bitrate
        codec.options = {
            "application": "voip",
            "frame_duration": "20",
            "compression_level": "5",
            "packet_loss": "5",
            "fec": "1",
        }
        self._codec = codec
        self._count = 0
        self._quiet = 0
        self._silence = b""

    def encode(self, audio: Pcm | None) -> bytes:
        """Encode `OPUS_SAMPLES` samples; None is silence."""
        if audio is None:
            self._quiet += 1
            # A few real packets let the decoder fade out; after that every silent packet is the same.
            if self._quiet > 5 and self._silence:
                return self._silence
            audio = np.zeros(OPUS_SAMPLES, np.int16)
        else:
            self._quiet = 0
        frame = av.AudioFrame.from_ndarray(audio[None, :], format="s16", layout="mono")
        frame.sample_rate = OUTPUT_RATE
        frame.pts = self._count * OPUS_SAMPLES
        frame.time_base = AUDIO_CLOCK
        self._count += 1
        packet = b"".join(bytes(item) for item in self._codec.encode(frame)) or b"\xf8\xff\xfe"
        if self._quiet:
            self._silence = packet
        return packet
