"""What is built is what runs: the wheel, in an empty environment, serves a call with its own pages and faces."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import venv
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import CallServer
from visavis.talk.client import TalkClient

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


def test_the_wheel_holds_pages_faces_migrations_and_licence_but_no_tests(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for wanted in ("visavis/portal/room.html", "visavis/replica/stock/r90bbd427f71/meta.json", "licenses/LICENSE"):
        assert any(wanted in name for name in names), wanted
    assert any("migrations/versions" in name for name in names)
    assert not any(name.startswith(("tests/", "bench/", "web/", "art/")) for name in names)
    assert sum(info.file_size for info in zipfile.ZipFile(wheel).infolist()) < 10_000_000


def test_the_installed_wheel_serves_a_call(wheel: Path, servers: Callable[..., CallServer], tmp_path: Path) -> None:
    environment = tmp_path / "venv"
    venv.create(environment, with_pip=True)
    python = environment / "bin" / "python"
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    subprocess.run([*pip, "--require-hashes", "-r", str(ROOT / "requirements" / "base.txt")], check=True)
    subprocess.run([*pip, "--no-deps", str(wheel)], check=True)

    program = [str(environment / "bin" / "visavis")]
    server = servers(tmp_path / "data", program=program, models=str(tmp_path / "no-models"))
    with server.client() as http:
        assert "assets/" in http.get("/").text
        created = http.post("/v2/conversations", json={"persona_id": "p48fdf065d6b"}).json()
        page = http.get(created["conversation_url"]).text
        script = page.split('src="')[1].split('"')[0]
        assert http.get(script).status_code == 200
        replica = http.get("/v2/replicas", params={"replica_type": "system"}).json()["data"][0]
        assert http.get(replica["thumbnail_image_url"]).headers["content-type"].startswith("image/")

    async def talk() -> str:
        async with TalkClient(server.url, created["conversation_id"]) as client:
            await client.wait_picture()
            await client.next_reply(timeout=30)  # the greeting
            await client.respond("Does it work offline?")
            return (await client.answer(timeout=30)).text

    assert "offline" in asyncio.run(talk()).lower()
