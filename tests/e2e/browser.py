"""A person at a browser: headless Chromium whose microphone plays a file, and what can be measured in its page."""

from __future__ import annotations

import base64
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Page, sync_playwright

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    "--allow-loopback-in-peer-connection",
]

PROBE = """
() => {
  const probe = window.__probe = { levels: [], pictures: [], errors: [] };
  const context = new AudioContext({ sampleRate: 48000 });
  const meter = (track) => {
    const analyser = context.createAnalyser();
    analyser.fftSize = 512;
    context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
    const samples = new Float32Array(512);
    return () => {
      analyser.getFloatTimeDomainData(samples);
      let sum = 0;
      for (const s of samples) sum += s * s;
      return Math.sqrt(sum / samples.length);
    };
  };
  const pc = window.__visavis.pc;
  const mic = meter(pc.getSenders().find((s) => s.track && s.track.kind === "audio").track);
  const voice = meter(window.__visavis.audio);
  const video = window.__visavis.video;
  const canvas = document.createElement("canvas");
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  const look = (x, y, w, h) => {
    canvas.width = 48; canvas.height = 32;
    pen.drawImage(video, x, y, w, h, 0, 0, 48, 32);
    const data = pen.getImageData(0, 0, 48, 32).data;
    let bytes = "";
    for (let i = 0; i < data.length; i += 4)
      bytes += String.fromCharCode((data[i] * 77 + data[i + 1] * 150 + data[i + 2] * 29) >> 8);
    return btoa(bytes);
  };
  probe.timer = setInterval(() => {
    try { probe.levels.push([performance.now(), mic(), voice()]); } catch (e) { probe.errors.push(String(e)); }
  }, 10);
  probe.watch = (x, y, w, h) => {
    const each = (now, info) => {
      probe.pictures.push([performance.now(), look(x, y, w, h), info.presentedFrames]);
      video.requestVideoFrameCallback(each);
    };
    video.requestVideoFrameCallback(each);
  };
}
"""


def chromium() -> str | None:
    """The browser to use: VISAVIS_CHROMIUM, or one on the path."""
    named = os.environ.get("VISAVIS_CHROMIUM")
    return named or next(
        (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
    )


needs_chromium = pytest.mark.skipif(
    chromium() is None, reason="no Chromium here: install it, or name it in VISAVIS_CHROMIUM"
)


@dataclass
class Levels:
    """Loudness over time: seconds on the page's clock, RMS of the microphone and of the replica's voice."""

    time: NDArray[np.float64]
    mic: NDArray[np.float64]
    voice: NDArray[np.float64]

    def stretches(self, level: NDArray[np.float64], threshold: float, gap: float) -> list[tuple[float, float]]:
        """(start, end) of stretches louder than `threshold`, joined over pauses shorter than `gap`."""
        times = self.time[level > threshold]
        if not len(times):
            return []
        breaks = np.flatnonzero(np.diff(times) > gap)
        starts = np.concatenate([[0], breaks + 1])
        ends = np.concatenate([breaks, [len(times) - 1]])
        return [(float(times[a]), float(times[b])) for a, b in zip(starts, ends, strict=True)]


class Person:
    """A page with a call in it."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def join(self, url: str, timeout: float = 15.0) -> None:
        self.page.goto(f"{url}?autojoin=1")
        self.page.wait_for_function("() => window.__visavis?.state === 'live'", timeout=timeout * 1000)

    def begin_to_measure(self) -> None:
        self.page.evaluate(PROBE)

    def watch_mouth(self, box: tuple[int, int, int, int]) -> None:
        """Keep every picture's pixels in `box` (x, y, width, height of the video's own size)."""
        self.page.evaluate("box => window.__probe.watch(...box)", list(box))

    def levels(self) -> Levels:
        rows = np.array(self.page.evaluate("() => window.__probe.levels"), float)
        return Levels(rows[:, 0] / 1000, rows[:, 1], rows[:, 2])

    def mouths(self) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
        """Times (page clock, seconds) and grey pictures (n, 32, 48) of the watched box."""
        rows = self.page.evaluate("() => window.__probe.pictures")
        pictures = [np.frombuffer(base64.b64decode(row[1]), np.uint8).reshape(32, 48) for row in rows]
        return np.array([row[0] for row in rows]) / 1000, np.array(pictures)

    def events(self, event_type: str | None = None) -> list[dict[str, Any]]:
        events: list[dict[str, Any]] = self.page.evaluate("() => window.__visavis.events")
        return [event for event in events if event_type in (None, event["event_type"])]

    def video_statistics(self) -> dict[str, float]:
        """Counters of the received video since the connection began."""
        statistics: dict[str, float] = self.page.evaluate(
            """async () => {
              for (const [, s] of await window.__visavis.pc.getStats())
                if (s.type === "inbound-rtp" && s.kind === "video")
                  return { frames: s.framesDecoded, freezes: s.freezeCount, at: performance.now() / 1000,
                           width: s.frameWidth, height: s.frameHeight, lost: s.packetsLost };
            }"""
        )
        return statistics


@contextmanager
def a_person(microphone: Path | None, **context: Any) -> Iterator[Person]:
    """Open Chromium; its microphone plays the file once."""
    flags = list(FLAGS)
    if microphone:
        flags.append(f"--use-file-for-fake-audio-capture={microphone}%noloop")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium(), args=flags, ignore_default_args=["--mute-audio"]
        )
        try:
            yield Person(browser.new_page(**context))
        finally:
            browser.close()
