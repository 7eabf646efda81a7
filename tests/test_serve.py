"""What a server process leaves on the disk."""

from __future__ import annotations

import stat

from tests.conftest import ServerStarter


def test_what_the_server_writes_is_for_its_own_user_only(start_server: ServerStarter) -> None:
    server = start_server(wait="/openapi.json")
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in server.data.rglob("*")}
    assert {"visavis.db", "visavis.db-wal", "secret.key"} <= set(modes)
    assert {name: oct(mode) for name, mode in modes.items() if mode & 0o077} == {}
