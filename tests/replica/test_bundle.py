"""Bundles: what is written can be read, and what is broken is refused with a sentence."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from visavis.replica import stock
from visavis.replica.bundle import POINTS, SPRITES, Bundle, BundleError

ANNA = "r90bbd427f71"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    copy = tmp_path / ANNA
    shutil.copytree(stock.bundles()[ANNA], copy)
    return copy


def test_a_bundle_holds_everything_the_renderer_needs() -> None:
    bundle = Bundle.load(stock.bundles()[ANNA])

    assert bundle.base.shape == bundle.background.shape == (bundle.meta.height, bundle.meta.width, 3)
    assert bundle.matte.shape == bundle.base.shape[:2]
    assert bundle.points.shape == (POINTS, 2)
    assert set(bundle.sprites) == set(SPRITES)


def test_a_saved_bundle_reads_back_the_same(tmp_path: Path) -> None:
    bundle = Bundle.load(stock.bundles()[ANNA])

    bundle.save(tmp_path / "again")
    again = Bundle.load(tmp_path / "again")

    assert again.meta == bundle.meta
    np.testing.assert_array_equal(again.points, bundle.points)
    np.testing.assert_array_equal(again.matte, bundle.matte)
    np.testing.assert_array_equal(again.sprites["lips"].pixels, bundle.sprites["lips"].pixels)
    assert np.abs(again.base.astype(int) - bundle.base).mean() < 2.0


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"There is no replica in .*meta\.json is missing"):
        Bundle.load(tmp_path / "nobody")


@pytest.mark.parametrize("name", ["base.webp", "background.webp", "matte.png", "landmarks.npz", "sprites.npz"])
def test_a_missing_file_is_refused_by_name(folder: Path, name: str) -> None:
    (folder / name).unlink()

    with pytest.raises(BundleError, match=name.replace(".", r"\.")):
        Bundle.load(folder)


@pytest.mark.parametrize("name", ["base.webp", "matte.png", "landmarks.npz", "sprites.npz"])
def test_a_garbled_file_is_refused_by_name(folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"not at all")

    with pytest.raises(BundleError, match=name.replace(".", r"\.")):
        Bundle.load(folder)


def test_another_format_is_refused(folder: Path) -> None:
    meta = json.loads((folder / "meta.json").read_text())
    (folder / "meta.json").write_text(json.dumps(meta | {"format": 99}))

    with pytest.raises(BundleError, match="format 99"):
        Bundle.load(folder)


def test_a_picture_of_another_size_is_refused(folder: Path) -> None:
    meta = json.loads((folder / "meta.json").read_text())
    (folder / "meta.json").write_text(json.dumps(meta | {"width": 640}))

    with pytest.raises(BundleError, match="1280x720, not 640x720"):
        Bundle.load(folder)


def test_landmarks_outside_the_picture_are_refused(folder: Path) -> None:
    with np.load(folder / "landmarks.npz") as stored:
        marks = dict(stored)
    marks["points"] = marks["points"] + 5000
    np.savez(folder / "landmarks.npz", **marks)

    with pytest.raises(BundleError, match="outside the picture"):
        Bundle.load(folder)


def test_a_missing_sprite_is_refused(folder: Path) -> None:
    with np.load(folder / "sprites.npz") as stored:
        arrays = {k: v for k, v in stored.items() if k != "tongue"}
    np.savez(folder / "sprites.npz", **arrays)

    with pytest.raises(BundleError, match="'tongue'"):
        Bundle.load(folder)
