from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from beeping_server import BeepingServer

from visavis.engines.ports import Pcm


@pytest.fixture(scope="session")
def running() -> Iterator[BeepingServer]:
    server = BeepingServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def server(running: BeepingServer) -> Iterator[BeepingServer]:
    yield running
    running.reset()


@pytest.fixture(scope="session")
def words() -> Pcm:
    """Half a second of sound with silence around it, 16 kHz."""
    tone = (8000 * np.sin(np.arange(8000) / 16_000 * 2 * np.pi * 300)).astype(np.int16)
    return np.concatenate([np.zeros(1600, np.int16), tone, np.zeros(4800, np.int16)])
