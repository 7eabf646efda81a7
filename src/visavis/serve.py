"""`visavis serve`: one process from the first line on the terminal to a clean end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from types import FrameType

import uvicorn
from fastapi import FastAPI
from sqlalchemy.exc import SQLAlchemyError

from visavis import __version__, log
from visavis.data_folder import DataFolderError, FolderLock, prepare
from visavis.memory import settle_allocator
from visavis.settings import Settings

GRACE = 3
"""Seconds that open requests get when the server stops."""

LAST_RESORT = 12.0
"""Seconds after which a stop that hangs ends the process anyway."""


class ServeError(Exception):
    """The server cannot start; the sentence says why."""


def run(settings: Settings) -> None:
    """Serve until told to stop. Raises `ServeError`."""
    log.configure(log_format=settings.log_format, level=settings.log_level)
    settle_allocator()
    # Whatever this process writes (tables, files, models) is for its own user.
    os.umask(0o077)
    try:
        prepare(settings.data)
        lock = FolderLock(settings.data)
        lock.acquire()
    except DataFolderError as error:
        raise ServeError(str(error)) from error
    listener = _listen(settings.host, settings.port)
    if settings.port == 0:
        # Links must name the port that was taken.
        settings.port = listener.getsockname()[1]
    try:
        asyncio.run(_serve(settings, listener))
    finally:
        listener.close()
        lock.release()


def _listen(host: str, port: int) -> socket.socket:
    """A bound socket. Raises `ServeError` with one sentence."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError as error:
        raise ServeError(f"{host} is not an address of this machine.") from error
    listener = socket.socket(family, kind, protocol)
    if os.name != "nt":
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
        listener.listen(2048)
    except PermissionError as error:
        listener.close()
        raise ServeError(
            f"Port {port} may not be used by this user; choose one of 1024 or more with --port."
        ) from error
    except OSError as error:
        listener.close()
        raise ServeError(
            f"Port {port} on {host} cannot be used ({error.strerror}); stop what listens there, "
            "or choose another port with --port."
        ) from error
    return listener


async def _serve(settings: Settings, listener: socket.socket) -> None:
    from visavis.api.kit.vault import SecretKeyError
    from visavis.app import create_app

    app = create_app(settings)
    server = _Server(
        uvicorn.Config(
            app,
            lifespan="off",  # entered below, where its errors can become sentences
            log_config=None,
            access_log=False,
            proxy_headers=False,  # kit.client reads them, and only from trusted proxies
            server_header=False,
            ws="none",
            loop="asyncio",
            timeout_graceful_shutdown=GRACE,
        )
    )
    with server.signals():
        try:
            async with app.router.lifespan_context(app):
                if not server.should_exit:
                    server.announcement = _announcement(app, settings)
                    await server.serve(sockets=[listener])
        except (DataFolderError, SecretKeyError, ValueError) as error:
            raise ServeError(str(error)) from error
        except SQLAlchemyError as error:
            raise ServeError(f"The database cannot be used: {getattr(error, 'orig', None) or error}") from error


def _announcement(app: FastAPI, settings: Settings) -> str:
    """What the terminal says; the key appears this once and is forgotten here."""
    readiness = app.state.readiness
    token = app.state.services.portal.new_token()
    lines = [
        f"Vis-à-vis {__version__} listens on {settings.origin}",
        f"  Portal   {settings.origin}/sign-in?token={token}",
        f"  API      {settings.origin}/v2   documentation: {settings.origin}/docs",
    ]
    if readiness.first_key:
        lines.append(f"  API key  {readiness.first_key}   (shown only now; more with `visavis keys create`)")
        readiness.first_key = None
    lines.append("Ctrl-C stops the server.")
    return "\n".join(lines)


class _Server(uvicorn.Server):
    """uvicorn, with our signals and a word on the terminal once it listens."""

    announcement = ""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            sys.stdout.write(self.announcement + "\n")
            sys.stdout.flush()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Nothing: `signals` covers the time before and after serving as well."""
        yield

    @contextlib.contextmanager
    def signals(self) -> Iterator[None]:
        """The first signal stops cleanly, a second Ctrl-C at once. Both leave the exit status of a clean end."""
        previous = {number: signal.signal(number, self._signalled) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)

    def _signalled(self, number: int, _frame: FrameType | None) -> None:
        if self.should_exit and number == signal.SIGINT:
            os._exit(130)
        if not self.should_exit:
            self.should_exit = True
            # A thread of a library may not want to end; the process must.
            watchdog = threading.Timer(LAST_RESORT, os._exit, (1,))
            watchdog.daemon = True
            watchdog.start()
