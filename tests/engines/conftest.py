"""Human speech that the engine tests listen to. Origin and licence: tests/fixtures/speech/README.md."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from visavis.engines.audio import read_wav
from visavis.engines.ports import Pcm

HERE = Path(__file__).parent.parent / "fixtures" / "speech"
MORE = Path("/usr/share/pocketsphinx/test/data/librivox")
WORDS = {
    "0870": "and mister john dashwood had then leisure to consider how much there might be prudently "
    "in his power to do for them",
    "0880": "he was not an ill disposed young man",
    "0890": "unless to be rather cold hearted and rather selfish is to be ill disposed",
    "0920": "had he married a more a amiable woman he might have been made still more respectable than he was",
    "0930": "he might even have been made amiable himself",
}


@dataclass(frozen=True)
class Spoken:
    """What a person said. `audio` is 16 kHz; `start` and `end` are the samples where the voice starts and ends."""

    audio: Pcm
    words: str
    start: int
    end: int


def spoken(audio: Pcm, words: str) -> Spoken:
    loud = np.flatnonzero(np.abs(audio) > 0.03 * np.abs(audio).max())
    return Spoken(audio, words, int(loud[0]), int(loud[-1]) + 1)


@pytest.fixture(scope="session")
def human() -> list[Spoken]:
    """Three sentences read by one person, always there."""
    return [spoken(read_wav(HERE / f"austen_{name}.wav")[0], WORDS[name]) for name in ("0880", "0890", "0930")]


@pytest.fixture(scope="session")
def more_human() -> list[Spoken]:
    """Two more sentences of the same reader, where Debian's package is installed."""
    if not MORE.is_dir():
        pytest.skip("Debian's pocketsphinx-testdata, with more human speech, is not installed")
    return [
        spoken(read_wav(MORE / f"sense_and_sensibility_01_austen_64kb-{name}.wav")[0], WORDS[name])
        for name in ("0870", "0920")
    ]
