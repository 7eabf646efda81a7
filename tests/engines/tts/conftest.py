"""Voices for the tests."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from visavis.engines.ports import TextToSpeech
from visavis.engines.registry import find


@pytest.fixture
async def espeak() -> AsyncIterator[TextToSpeech]:
    voice = find("tts", "espeak").create()
    yield voice
    await voice.close()


@pytest.fixture
async def pico() -> AsyncIterator[TextToSpeech]:
    spec = find("tts", "pico")
    if not spec.ready().ready:
        pytest.skip(spec.ready().reason)
    voice = spec.create()
    yield voice
    await voice.close()
