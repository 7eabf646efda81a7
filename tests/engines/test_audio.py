"""Sound helpers: nothing is lost or added on the way."""

from __future__ import annotations

import wave

import numpy as np
import pytest

from visavis.engines.audio import SILENCE_DBFS, StreamResampler, read_wav, resample, rms_dbfs, write_wav


def tone(rate: int, seconds: float = 1.0, frequency: float = 440.0) -> np.ndarray:
    return (10_000 * np.sin(2 * np.pi * frequency * np.arange(int(rate * seconds)) / rate)).astype(np.int16)


@pytest.mark.parametrize(("source", "target"), [(16_000, 48_000), (22_050, 48_000), (48_000, 16_000), (24_000, 16_000)])
def test_a_stream_in_pieces_equals_the_whole(source, target):
    resampler = StreamResampler(source, target)
    audio = tone(source)
    pieces = [resampler.process(audio[start : start + 317]) for start in range(0, len(audio), 317)]
    out = np.concatenate([*pieces, resampler.flush()])

    assert out.dtype == np.int16
    assert abs(len(out) - target) <= 2
    middle = slice(target // 10, target * 9 // 10)
    assert np.abs(out[middle].astype(int) - tone(target)[middle]).max() < 60


def test_the_same_rate_passes_through():
    resampler = StreamResampler(16_000, 16_000)
    audio = tone(16_000)
    assert np.array_equal(resampler.process(audio), audio)
    assert not len(resampler.flush())


def test_after_a_flush_a_new_stream_begins():
    resampler = StreamResampler(16_000, 48_000)
    first = np.concatenate([resampler.process(tone(16_000)), resampler.flush()])
    second = np.concatenate([resampler.process(tone(16_000)), resampler.flush()])
    assert np.array_equal(first, second)


def test_impossible_rates_are_refused():
    with pytest.raises(ValueError, match="positive"):
        StreamResampler(0, 16_000)


def test_a_whole_recording_keeps_its_length_in_seconds():
    assert abs(len(resample(tone(22_050), 22_050, 16_000)) - 16_000) <= 1
    assert len(resample(np.zeros(0, np.int16), 22_050, 16_000)) == 0


def test_loudness():
    square = np.full(1000, 32767, np.int16)
    assert rms_dbfs(square) == pytest.approx(0, abs=0.01)
    assert rms_dbfs(tone(16_000)) == pytest.approx(-13.3, abs=0.1)
    assert rms_dbfs(np.zeros(100, np.int16)) == SILENCE_DBFS
    assert rms_dbfs(np.zeros(0, np.int16)) == SILENCE_DBFS
    assert rms_dbfs(np.full(100, 0.1, np.float32)) == pytest.approx(-20, abs=0.01)


def test_a_wav_file_comes_back_as_written(tmp_path):
    write_wav(tmp_path / "a.wav", tone(22_050), 22_050)
    audio, rate = read_wav(tmp_path / "a.wav")
    assert rate == 22_050
    assert np.array_equal(audio, tone(22_050))


def test_a_stereo_file_is_mixed(tmp_path):
    with wave.open(str(tmp_path / "s.wav"), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(np.array([[100, 300], [-200, 0]], "<i2").tobytes())
    assert read_wav(tmp_path / "s.wav")[0].tolist() == [200, -100]


def test_other_sample_formats_are_refused(tmp_path):
    with wave.open(str(tmp_path / "b.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(1)
        file.setframerate(8000)
        file.writeframes(b"\x80" * 10)
    with pytest.raises(ValueError, match="8-bit"):
        read_wav(tmp_path / "b.wav")
