"""A real server of our own, for as long as a measurement takes."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx

START_TIMEOUT = 90.0
STOP_TIMEOUT = 20.0


class ServerFailed(Exception):
    """The server did not start; the text holds the end of its log."""


class BenchServer:
    """`visavis serve` on a free port with a temporary data folder. Use as `async with`; settings by name."""

    def __init__(self, **settings: str) -> None:
        self.api_key = secrets.token_hex(16)
        self.url = ""
        self._settings = settings
        self._folder = Path()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        if self._process is None:
            raise ServerFailed("The server is not running.")
        return self._process.pid

    async def __aenter__(self) -> BenchServer:
        self._folder = Path(tempfile.mkdtemp(prefix="visavis-bench-"))
        port = _free_port()
        self.url = f"http://127.0.0.1:{port}"
        given = {
            "host": "127.0.0.1",
            "port": str(port),
            "data": str(self._folder / "data"),
            "bootstrap_api_key": self.api_key,
            "log_level": "warning",
            # The same answers everywhere, whatever models this machine happens to run.
            "llm_probe": "false",
            **self._settings,
        }
        environment = os.environ | {f"VISAVIS_{name.upper()}": value for name, value in given.items()}
        self._process = await asyncio.to_thread(self._launch, environment)
        try:
            await self._ready()
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stop()

    def _launch(self, environment: dict[str, str]) -> subprocess.Popen[bytes]:
        with (self._folder / "log").open("wb") as log:
            line = [sys.executable, "-m", "visavis.cli", "serve"]
            return subprocess.Popen(line, env=environment, stdout=log, stderr=log)

    async def _ready(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT
        async with httpx.AsyncClient(base_url=self.url, timeout=2.0, trust_env=False) as http:
            while time.monotonic() < deadline:
                if self._process is None or self._process.poll() is not None:
                    break
                try:
                    if (await http.get("/healthz")).status_code == 200:
                        return
                except httpx.HTTPError:
                    pass  # not listening yet
                await asyncio.sleep(0.2)
        raise ServerFailed(f"The server did not become ready. Its log ends:\n{self.log()}")

    def log(self, lines: int = 20) -> str:
        """The end of the server's log."""
        return "\n".join((self._folder / "log").read_text(errors="replace").splitlines()[-lines:])

    async def _stop(self) -> None:
        process, self._process = self._process, None
        if process:
            process.send_signal(signal.SIGTERM)
            try:
                await asyncio.to_thread(process.wait, STOP_TIMEOUT)
            except subprocess.TimeoutExpired:
                sys.stderr.write("The server did not stop by itself and was killed.\n")
                process.kill()
                process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
