"""The measuring itself, against things whose cost is known."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from bench.call import Samples, spread
from bench.processes import Usage, usage

from bench import processes

BURN = "import time\nwhile time.process_time() < {seconds}: pass\n"
HOLD = "import sys\nsys.stdout.write('ready\\n'); sys.stdout.flush(); sys.stdin.read()"


def child(program: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_cpu_counts_a_process_its_children_and_those_that_have_ended() -> None:
    inner = BURN.format(seconds=0.4)
    program = (
        f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {inner!r}])\n" + BURN.format(seconds=0.3) + HOLD
    )
    with child(program) as process:
        assert process.stdout is not None
        process.stdout.readline()
        used = usage(process.pid)
        process.communicate("")
    assert 0.65 <= used.cpu < 1.2
    assert used.rss > 2**20


def test_memory_is_that_of_the_whole_family() -> None:
    inner = "a = bytearray(50_000_000)\n" + HOLD
    program = (
        "import subprocess, sys\n"
        f"p = subprocess.Popen([sys.executable, '-c', {inner!r}], stdin=subprocess.PIPE, stdout=subprocess.PIPE)\n"
        f"p.stdout.readline()\n{HOLD}\np.communicate()"
    )
    with child(program) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert usage(process.pid).rss > 55_000_000
        process.communicate("")


def test_a_process_that_is_gone_is_an_error() -> None:
    with child("") as process:
        process.communicate("")
    with pytest.raises(ProcessLookupError):
        usage(process.pid)


@pytest.mark.parametrize(("text", "seconds"), [("0:00.52", 0.52), ("12:03.00", 723), ("1-02:03:04", 93_784)])
def test_times_of_ps_are_read(text: str, seconds: float) -> None:
    assert processes._seconds(text) == pytest.approx(seconds)


def test_share_is_cpu_per_second_of_the_spans_only() -> None:
    samples = Samples()
    start = time.monotonic()
    for tick in range(41):
        samples.add(Usage(0.0, 0))
        samples.at[-1] = start + tick / 10
        # Half a core in the first two seconds, a tenth afterwards.
        samples.cpu[-1] = min(tick, 20) * 0.05 + max(0, tick - 20) * 0.01
    assert samples.share([(start, start + 2)]) == pytest.approx(0.5)
    assert samples.share([(start + 2, start + 3), (start + 3, start + 4)]) == pytest.approx(0.1)
    assert samples.share([(start, start + 0.5)]) is None
    assert samples.dearest(1.0) == pytest.approx(0.5)


def test_spread_is_median_and_ninetieth_percentile_in_milliseconds() -> None:
    assert spread([0.1 * n for n in range(1, 12)]) == {"median": 600, "p90": 1000}
