"""What all tests may use: databases of both kinds, the application in this process, and real servers."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from tests.fakes import FakeHost, SilentWebhooks
from visavis.settings import Settings

POSTGRES_URL = os.environ.get("VISAVIS_TEST_POSTGRES_URL", "")
TEST_KEY = "vv_test-key-of-the-first-account"

BOTH_DATABASES = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(scope="session", autouse=True)
def plain_logs() -> None:
    """Logs as a server writes them; structlog's own default draws every traceback with all local variables."""
    from visavis import log

    log.configure(log_format="console")


@pytest.fixture
def database_setting(request: pytest.FixtureRequest) -> Iterator[str]:
    """`VISAVIS_DATABASE_URL` of an empty database: SQLite, or PostgreSQL where a test is parametrised so."""
    if getattr(request, "param", "sqlite") == "sqlite":
        yield ""
        return
    if not POSTGRES_URL:
        pytest.skip("VISAVIS_TEST_POSTGRES_URL names no PostgreSQL server")
    import psycopg

    name = f"visavis_test_{secrets.token_hex(6)}"
    admin = POSTGRES_URL.replace("postgresql+psycopg://", "postgresql://")
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    base, _, _ = admin.rpartition("/")
    yield f"{base}/{name}"
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def settings(tmp_path: Path, database_setting: str) -> Settings:
    return Settings(
        _env_file=None,
        data=tmp_path / "data",
        database_url=database_setting,
        bootstrap_api_key=TEST_KEY,
        secret_key="a server secret for tests",
    )


@dataclass
class Api:
    """The application in this process, with a client that holds a key of the first account."""

    app: FastAPI
    client: httpx.AsyncClient
    host: FakeHost
    webhooks: SilentWebhooks
    settings: Settings

    @property
    def services(self) -> Any:
        return self.app.state.services

    async def send(self, method: str, path: str, body: Any = None, **options: Any) -> httpx.Response:
        if body is not None:
            options["json"] = body
        return await self.client.request(method, path, **options)

    async def get(self, path: str, **options: Any) -> httpx.Response:
        return await self.client.get(path, **options)

    async def post(self, path: str, body: Any = None, **options: Any) -> httpx.Response:
        return await self.send("POST", path, body, **options)

    async def patch(self, path: str, body: Any) -> httpx.Response:
        return await self.send("PATCH", path, body)

    async def delete(self, path: str) -> httpx.Response:
        return await self.client.delete(path)

    async def account(self, name: str) -> httpx.AsyncClient:
        """A client with a key of another account."""
        account = await self.services.accounts.ensure(name)
        _, key = await self.services.keys.create(account.id, "test")
        return self.anonymous(**{"x-api-key": key})

    def anonymous(self, **headers: str) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers)

    async def persona(self, **fields: Any) -> str:
        """Create a persona and return its id."""
        answer = await self.post("/v2/personas", {"persona_name": "P", "system_prompt": "You help.", **fields})
        assert answer.status_code == 200, answer.text
        return str(answer.json()["persona_id"])

    async def conversation(self, **fields: Any) -> str:
        """Create a conversation and return its id."""
        answer = await self.post("/v2/conversations", {"replica_id": "r90bbd427f71", **fields})
        assert answer.status_code == 200, answer.text
        return str(answer.json()["conversation_id"])


@pytest.fixture
async def start_api(settings: Settings) -> AsyncIterator[Callable[..., Any]]:
    """Start the application, as often as a test wants to; all are stopped at the end."""
    from visavis.app import create_app

    async with AsyncExitStack() as stack:

        async def start(**changes: Any) -> Api:
            changed = settings.model_copy(update=changes)
            host, webhooks = FakeHost(), SilentWebhooks()
            app = create_app(changed, host=host, webhooks=webhooks)
            await stack.enter_async_context(app.router.lifespan_context(app))
            transport = httpx.ASGITransport(app, raise_app_exceptions=False)
            client = httpx.AsyncClient(
                transport=transport, base_url="http://test", headers={"x-api-key": TEST_KEY}, follow_redirects=False
            )
            await stack.enter_async_context(client)
            return Api(app, client, host, webhooks, changed)

        yield start


@pytest.fixture
async def api(start_api: Callable[..., Any]) -> Api:
    started: Api = await start_api()
    return started


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class RunningServer:
    """A real `visavis serve` process."""

    url: str
    key: str
    data: Path
    process: subprocess.Popen[str]
    log: Path
    environment: dict[str, str] = field(default_factory=dict)

    def client(self, **options: Any) -> httpx.Client:
        headers = {"x-api-key": self.key}
        return httpx.Client(base_url=self.url, headers=headers, timeout=30.0, trust_env=False, **options)

    def stop(self, number: int = signal.SIGTERM, timeout: float = 20.0) -> int:
        """Send a signal and return the exit status."""
        self.process.send_signal(number)
        return self.process.wait(timeout)


class ServerStarter:
    """Starts `visavis serve` processes; stops them all at the end."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._started: list[RunningServer] = []

    def __call__(
        self, data: Path | None = None, *, wait: str = "/healthz", timeout: float = 60.0, **environment: str
    ) -> RunningServer:
        """`environment` are settings without their prefix. Waits until `wait` answers 200."""
        port, number = free_port(), len(self._started)
        key = environment.pop("bootstrap_api_key", TEST_KEY)
        data = data or self._folder / f"data-{number}"
        settings = {"bootstrap_api_key": key, "port": str(port), "data": str(data), "llm_probe": "false", **environment}
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("VISAVIS_")}
        named = {f"VISAVIS_{name.upper()}": value for name, value in settings.items()}
        log = self._folder / f"server-{number}.log"
        with log.open("w") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "visavis.cli", "serve"],
                env={**inherited, "OMP_NUM_THREADS": "1", **named},
                # Where neither a .env file nor a data folder of the developer lies.
                cwd=self._folder,
                stdout=output,
                stderr=subprocess.STDOUT,
                text=True,
            )
        server = RunningServer(f"http://127.0.0.1:{port}", key, data, process, log, named)
        self._started.append(server)
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if process.poll() is not None:
                raise AssertionError(f"The server ended with status {process.returncode}:\n{log.read_text()}")
            try:
                if httpx.get(server.url + wait, trust_env=False, timeout=5.0).status_code == 200:
                    return server
            except httpx.TransportError:
                pass
            time.sleep(0.1)
        raise AssertionError(f"The server was not ready in {timeout:g} s:\n{log.read_text()}")

    def close(self) -> None:
        for server in self._started:
            if server.process.poll() is None:
                server.process.kill()
                server.process.wait(10)


@pytest.fixture
def start_server(tmp_path: Path) -> Iterator[ServerStarter]:
    starter = ServerStarter(tmp_path)
    yield starter
    starter.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """One real server for a module's tests."""
    starter = ServerStarter(tmp_path_factory.mktemp("server"))
    yield starter()
    starter.close()
