"""The committed pages are what the sources build, and keep to their promises."""

from __future__ import annotations

import gzip
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = ROOT / "src" / "visavis" / "portal"
WEB = ROOT / "web"
ROOM_LIMIT = 60_000


def assets_of(page: str) -> list[Path]:
    """Every asset that a page loads, its scripts' own imports included."""
    text = (PAGES / page).read_text("utf-8")
    return [PAGES / link.lstrip("/") for link in re.findall(r'(?:src|href)="(/assets/[^"]+)"', text)]


@pytest.mark.parametrize("page", ["index.html", "room.html"])
def test_every_asset_of_a_page_is_there(page: str) -> None:
    assets = assets_of(page)
    assert {asset.suffix for asset in assets} >= {".js", ".css"}
    assert [asset.name for asset in assets if not asset.is_file()] == []


@pytest.mark.parametrize("page", ["index.html", "room.html"])
def test_nothing_is_inline_and_nothing_comes_from_elsewhere(page: str) -> None:
    text = (PAGES / page).read_text("utf-8")
    assert re.findall(r"<script(?![^>]*\bsrc=)", text) == []
    assert re.findall(r"<style|\sstyle=|\son[a-z]+=", text) == []
    assert re.findall(r"https?://", text) == []


def test_the_room_is_small() -> None:
    size = sum(len(gzip.compress(asset.read_bytes())) for asset in assets_of("room.html"))
    assert size < ROOM_LIMIT


def test_the_licences_of_what_is_bundled_come_along() -> None:
    text = (PAGES / "THIRD_PARTY.md").read_text("utf-8")
    for package in json.loads((WEB / "package.json").read_text("utf-8"))["dependencies"]:
        assert package in text


def test_no_source_maps_and_no_registry_in_the_lock_file() -> None:
    assert list(PAGES.rglob("*.map")) == []
    assert "resolved" not in (WEB / "package-lock.json").read_text("utf-8")


def test_the_committed_pages_are_what_the_sources_build(tmp_path: Path) -> None:
    npx = shutil.which("npx")
    if npx is None or not (WEB / "node_modules" / "vite").exists():
        pytest.skip("the build tools are not installed: run npm ci in web/")
    command = [npx, "vite", "build", "--logLevel", "error", "--outDir", str(tmp_path), "--emptyOutDir"]
    subprocess.run(command, cwd=WEB, check=True, timeout=120, capture_output=True)
    built = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    kept = {path.relative_to(PAGES): path.read_bytes() for path in PAGES.rglob("*") if path.is_file()}
    assert sorted(built) == sorted(kept)
    assert [str(name) for name in built if built[name] != kept[name]] == []
