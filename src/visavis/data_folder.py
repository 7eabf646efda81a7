"""The data folder: what a server keeps between its runs, and that only one server at a time keeps it."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path


class DataFolderError(Exception):
    """The data folder cannot be used; the sentence says why."""


def prepare(folder: Path) -> None:
    """Create the folder, readable by its owner only. Raises `DataFolderError`."""
    try:
        if not folder.is_dir():
            folder.mkdir(parents=True, mode=0o700)
        probe = folder / f".write-{secrets.token_hex(4)}"
        probe.touch(mode=0o600)
        probe.unlink()
    except OSError as error:
        raise DataFolderError(
            f"The data folder {folder} cannot be written ({error.strerror}); choose another one with --data."
        ) from error


def instance_of(folder: Path) -> str:
    """A name that stays with the folder: the server's identity across restarts."""
    path = folder / "instance"
    with contextlib.suppress(FileExistsError):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(f"vis_{secrets.token_hex(8)}")
    return path.read_text(encoding="ascii").strip()


class FolderLock:
    """Held by the one server that uses a data folder; released when the process ends, however it ends."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "server.lock"
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Raises `DataFolderError` when another server holds it."""
        self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _lock(self._descriptor)
        except OSError as error:
            os.close(self._descriptor)
            self._descriptor = None
            raise DataFolderError(
                f"Another Vis-à-vis server uses the data folder {self._path.parent}; "
                "stop it, or choose another one with --data."
            ) from error

    def release(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def _lock(descriptor: int) -> None:
    if os.name == "nt":
        import msvcrt

        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
    else:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
