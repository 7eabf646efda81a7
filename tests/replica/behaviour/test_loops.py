"""The silent face: seamless, alive, the same every time."""

import numpy as np
import pytest

from visavis.replica.behaviour import LOOP_SECONDS, silent_loops
from visavis.replica.behaviour.channels import COLUMN
from visavis.replica.behaviour.loops import SilentLoops, lid

STATES = ("idle", "listening", "thinking")
SEEDS = range(12)
# Most that may change in one frame of 25 fps: degrees, inter-ocular distances, shares.
STEP = {"roll": 0.35, "yaw": 0.35, "pitch": 0.35, "shift_x": 0.01, "shift_y": 0.01, "brow": 0.06, "breath": 0.12}
STEP |= {"smile": 0.05}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("seed", SEEDS)
def test_the_last_frame_leads_into_the_first(state, seed):
    rows = silent_loops(25, seed).rows(state)
    steps = np.abs(np.diff(np.concatenate([rows, rows[:1]]), axis=0))
    for name, most in STEP.items():
        assert steps[:, COLUMN[name]].max() <= most, name
        assert steps[-1, COLUMN[name]] <= most


def test_the_same_seed_gives_the_same_face_and_another_seed_another():
    assert (SilentLoops(25, 7).rows("idle") == SilentLoops(25, 7).rows("idle")).all()
    assert (SilentLoops(25, 7).rows("idle") != SilentLoops(25, 8).rows("idle")).any()


@pytest.mark.parametrize("seed", SEEDS)
def test_states_share_period_breath_and_blinks(seed):
    loops = silent_loops(25, seed)
    rows = [loops.rows(state) for state in STATES]
    assert {len(r) for r in rows} == {loops.period} == {LOOP_SECONDS * 25}
    for name in ("blink", "breath"):
        assert all((r[:, COLUMN[name]] == rows[0][:, COLUMN[name]]).all() for r in rows)


@pytest.mark.parametrize("fps", [25, 30])
@pytest.mark.parametrize("seed", SEEDS)
def test_it_blinks_8_to_25_times_a_minute_and_every_blink_shuts(seed, fps):
    lids = silent_loops(fps, seed).rows("idle")[:, COLUMN["blink"]]
    begins = np.flatnonzero((lids > 0) & (np.roll(lids, 1) == 0))
    assert 8 <= len(begins) * 60 / LOOP_SECONDS <= 25
    for begin in begins:
        assert np.roll(lids, -begin)[: fps // 2].max() > 0.9


def test_a_lid_falls_faster_than_it_rises():
    curve = lid(np.arange(0, 0.4, 0.001))
    shut = np.flatnonzero(curve > 0.99)
    fall, rise = shut[0] - np.flatnonzero(curve > 0.01)[0], np.flatnonzero(curve > 0.01)[-1] - shut[-1]
    assert 70 <= fall <= 100
    assert 115 <= rise <= 150
    assert curve[-1] == 0
    assert lid(-0.1) == 0


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("seed", SEEDS)
def test_it_never_stands_still_for_200_ms(state, seed):
    rows = silent_loops(25, seed).rows(state)
    visible = rows[:, [COLUMN[name] for name in ("roll", "yaw", "pitch", "blink", "gaze_x", "breath")]]
    moved = np.abs(np.roll(visible, -5, axis=0) - visible).max(axis=1)
    assert moved.min() > 0.01


@pytest.mark.parametrize("seed", SEEDS)
def test_idle_and_listening_meet_the_viewer_and_thinking_looks_away_and_up(seed):
    loops = silent_loops(25, seed)

    def gaze(state):
        return loops.rows(state)[:, [COLUMN["gaze_x"], COLUMN["gaze_y"]]]

    assert np.abs(gaze("idle")).max() <= 0.2
    assert np.abs(gaze("listening")).max() <= 0.1
    assert (gaze("thinking")[:, 1] > 0.2).mean() > 0.4


@pytest.mark.parametrize("seed", SEEDS)
def test_listening_leans_in_smiles_and_nods(seed):
    idle, listening = (silent_loops(25, seed).rows(state) for state in ("idle", "listening"))
    for name in ("roll", "brow", "smile"):
        assert listening[:, COLUMN[name]].mean() > idle[:, COLUMN[name]].mean()
    pitch = listening[:, COLUMN["pitch"]]
    assert pitch.max() - np.median(pitch) > 0.8


@pytest.mark.parametrize("seed", SEEDS)
def test_the_head_stays_where_the_renderer_is_believable(seed):
    for state in STATES:
        angles = silent_loops(25, seed).rows(state)[:, [COLUMN["roll"], COLUMN["yaw"], COLUMN["pitch"]]]
        assert np.abs(angles).max() <= 4


def test_blinks_can_be_foreseen():
    loops = silent_loops(25, 3)
    lids = loops.rows("idle")[:, COLUMN["blink"]]
    begin = int(np.flatnonzero((lids > 0) & (np.roll(lids, 1) == 0))[0])
    assert loops.until_blink(begin - 10) == pytest.approx(0.4)
    assert loops.until_blink(begin) == 0
    end = begin + int(np.flatnonzero(np.roll(lids, -begin) == 0)[0])
    assert loops.since_blink(end + 9) == pytest.approx(0.4)
