"""A real server for whole calls."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

KEY = "vv_end_to_end_tests"
START_TIMEOUT = 60.0


@dataclass
class CallServer:
    """A `visavis serve` process of its own, and a client with its key."""

    process: subprocess.Popen[bytes]
    url: str
    data: Path
    log: Path

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, headers={"x-api-key": KEY}, timeout=30)

    def create(self, **body: object) -> dict[str, str]:
        """Start a conversation."""
        with self.client() as http:
            answer = http.post("/v2/conversations", json=body)
            assert answer.status_code == 200, answer.text
            created: dict[str, str] = answer.json()
            return created

    def verbose(self, conversation_id: str) -> dict:
        with self.client() as http:
            body: dict = http.get(f"/v2/conversations/{conversation_id}", params={"verbose": "true"}).json()
            return body

    def end(self, conversation_id: str) -> None:
        with self.client() as http:
            assert http.post(f"/v2/conversations/{conversation_id}/end").status_code == 200

    def resident(self) -> int:
        """Bytes of memory the process holds."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) * 1024
        raise RuntimeError("the server is gone")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(10)

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def start_server(
    data: Path, *, program: list[str] | None = None, port: int | None = None, **settings: str
) -> CallServer:
    """Start `visavis serve` and wait until it takes calls."""
    port = port or free_port()
    log = data.parent / f"{data.name}.log"
    command = [*(program or [sys.executable, "-m", "visavis"]), "serve", "--port", str(port), "--data", str(data)]
    environment = {
        **os.environ,
        "VISAVIS_BOOTSTRAP_API_KEY": KEY,
        "VISAVIS_LLM_PROBE": "false",
        "VISAVIS_MODELS": str(Path.cwd() / ".models"),
        "VISAVIS_LOG_FORMAT": "json",
        **{f"VISAVIS_{name.upper()}": value for name, value in settings.items()},
    }
    with log.open("ab") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env=environment)
    server = CallServer(process, f"http://127.0.0.1:{port}", data, log)
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended at once: {log.read_text()[-2000:]}")
        try:
            if httpx.get(f"{server.url}/healthz", timeout=2).status_code == 200:
                return server
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    server.kill()
    raise RuntimeError(f"the server took no calls within {START_TIMEOUT} s: {log.read_text()[-2000:]}")


@pytest.fixture(scope="session")
def call_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CallServer]:
    """One server for all calls of the session."""
    server = start_server(tmp_path_factory.mktemp("server") / "data")
    yield server
    server.stop()


@pytest.fixture
def servers() -> Iterator[Callable[..., CallServer]]:
    """Start servers of one's own; all are stopped afterwards."""
    started: list[CallServer] = []

    def start(data: Path, **options: object) -> CallServer:
        server = start_server(data, **options)  # type: ignore[arg-type]
        started.append(server)
        return server

    yield start
    for server in started:
        server.stop()


@pytest.fixture(scope="session")
def artefacts() -> Path:
    """Where pictures and recordings of the tests stay."""
    folder = Path(os.environ.get("VISAVIS_ARTEFACTS", "artifacts"))
    folder.mkdir(exist_ok=True)
    return folder.resolve()
