"""The stock characters: who they are, and that their landmarks lie where the drawing has them."""

import subprocess
import sys

import numpy as np
import pytest

from visavis.replica import stock
from visavis.replica.bundle import Bundle
from visavis.replica.render import topology as topo

IDS = list(stock.bundles())


def test_there_are_four_different_people_with_voices() -> None:
    people = stock.metadata()

    assert IDS == ["r90bbd427f71", "rfe12d8b9597", "rf4e9d9790f0", "r79e1c033f"]
    assert people["r90bbd427f71"].name == "Anna"
    assert people["rfe12d8b9597"].name == "Nathan"
    assert len({p.name for p in people.values()}) == 4
    assert [p.voice.gender for p in people.values()] == ["female", "male", "female", "male"]


def test_metadata_is_read_without_opencv() -> None:
    code = "import sys; from visavis.replica import stock; stock.metadata(); assert 'cv2' not in sys.modules"

    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


@pytest.mark.parametrize("replica_id", IDS)
def test_a_bundle_is_small_enough_to_ship(replica_id: str) -> None:
    size = sum(f.stat().st_size for f in stock.bundles()[replica_id].iterdir())

    assert size < 600_000


@pytest.mark.parametrize("replica_id", IDS)
def test_the_face_is_framed_for_square_and_wide_pictures(replica_id: str) -> None:
    bundle = Bundle.load(stock.bundles()[replica_id])
    height, width = bundle.base.shape[:2]
    face = bundle.points[topo.OVAL]
    eyes = bundle.points[[33, 133, 263, 362]].mean(0)

    assert abs(eyes[0] - width / 2) < 0.02 * width
    assert 0.36 < eyes[1] / height < 0.45
    assert 0.38 < np.ptp(face[:, 1]) / height < 0.48
    assert face[:, 0].min() > (width - height) / 2
    assert face[:, 0].max() < (width + height) / 2


@pytest.mark.parametrize("replica_id", IDS)
def test_landmarks_of_the_lips_lie_on_the_lips(replica_id: str) -> None:
    bundle = Bundle.load(stock.bundles()[replica_id])

    def hue(points: np.ndarray) -> np.ndarray:
        x, y = points.round().astype(int).T
        color = bundle.base[y, x].astype(float)
        return (color / color.sum(1, keepdims=True)).mean(0)

    lower = (bundle.points[topo.LOWER_MID] + bundle.points[topo.LOWER_NEAR])[2:9] / 2
    chin = bundle.points[[199, 200, 201, 421]]

    assert np.abs(hue(lower) - hue(chin)).sum() > 0.025


@pytest.mark.parametrize("replica_id", IDS)
def test_landmarks_of_the_eyes_lie_around_the_irises(replica_id: str) -> None:
    bundle = Bundle.load(stock.bundles()[replica_id])

    for side in (0, 1):
        x, y, radius = bundle.iris[side]
        upper, lower = bundle.points[topo.LID_UPPER[side]], bundle.points[topo.LID_LOWER[side]]
        assert upper[:, 0].min() < x - radius
        assert x + radius < upper[:, 0].max()
        assert upper[4, 1] < y < lower[4, 1]
        pupil = bundle.base[int(y) - 1 : int(y) + 2, int(x) - 1 : int(x) + 2].mean()
        white = bundle.base[int(y), int(x + 1.25 * radius)].mean()
        assert pupil + 60 < white


@pytest.mark.parametrize("replica_id", IDS)
def test_the_person_stands_out_from_a_clean_background(replica_id: str) -> None:
    bundle = Bundle.load(stock.bundles()[replica_id])
    beyond = bundle.matte == 0
    tip = bundle.points[4].round().astype(int)

    assert bundle.matte[tip[1], tip[0]] == 255
    assert 0.3 < beyond.mean() < 0.8
    # Both are lossy pictures; the same room may differ by their compression only.
    assert np.abs(bundle.base[beyond].astype(int) - bundle.background[beyond]).mean() < 2.5
