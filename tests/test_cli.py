"""The command line, as real processes."""

from __future__ import annotations

import os
import re
import resource
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import httpx

from tests.conftest import RunningServer, ServerStarter, free_port
from visavis import __version__


def visavis(*arguments: str, data: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("VISAVIS_")}
    options = ["--data", str(data)] if data else []
    return subprocess.run(
        [sys.executable, "-m", "visavis.cli", *arguments, *options],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**inherited, "OMP_NUM_THREADS": "1", "COLUMNS": "200", **environment},
    )


class TestHelp:
    def test_help_names_the_commands_without_loading_the_server(self) -> None:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        result = visavis("--help")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert result.returncode == 0
        for command in ("serve", "doctor", "keys", "models", "version"):
            assert command in result.stdout
        spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        assert spent < 0.5, f"help took {spent:.2f} s of CPU time"

    def test_version(self) -> None:
        assert visavis("version").stdout.strip() == __version__


class TestKeys:
    def test_create_list_and_revoke(self, tmp_path: Path) -> None:
        data = tmp_path / "data"
        made = visavis("keys", "create", "ci robot", "--allow-ip", "10.0.0.0/8", data=data)
        key, key_id = made.stdout.strip(), made.stderr.split()[0]
        assert re.fullmatch(r"vv_[A-Za-z0-9_-]{43}", key)
        listed = visavis("keys", "list", data=data).stdout
        assert key not in listed
        assert f"{key_id}  …{key[-4:]}  ci robot  never used  only from 10.0.0.0/8" in listed
        assert visavis("keys", "revoke", key_id, data=data).stdout == "ci robot is revoked.\n"
        assert "revoked" in visavis("keys", "list", data=data).stdout

    def test_mistakes_get_a_sentence(self, tmp_path: Path) -> None:
        wrong = visavis("keys", "create", "x", "--allow-ip", "10.0.0.0/64", data=tmp_path)
        assert (wrong.returncode, wrong.stderr.count("\n")) == (1, 1)
        assert wrong.stderr.startswith("allow_ips: '10.0.0.0/64' is not an address or CIDR")
        unknown = visavis("keys", "revoke", "key_nothing", data=tmp_path)
        assert (unknown.returncode, unknown.stderr) == (1, "Invalid key_id\n")

    def test_a_key_made_beside_a_running_server_works_at_once_and_dies_at_once(self, server: RunningServer) -> None:
        made = visavis("keys", "create", "second", data=server.data)
        key, key_id = made.stdout.strip(), made.stderr.split()[0]
        ask = {"headers": {"x-api-key": key}, "trust_env": False}
        assert httpx.get(f"{server.url}/v2/replicas", **ask).status_code == 200
        assert visavis("keys", "revoke", key_id, data=server.data).returncode == 0
        assert httpx.get(f"{server.url}/v2/replicas", **ask).status_code == 401


class TestDoctor:
    def test_it_says_in_sentences_that_this_machine_can_take_calls(self, tmp_path: Path) -> None:
        result = visavis("doctor", data=tmp_path / "data")
        assert result.returncode == 0, result.stdout
        for part in (
            "can be written",
            "The database answers (sqlite)",
            "UDP sockets can be opened",
            "Sound can be encoded",
        ):
            assert part in result.stdout
        assert result.stdout.strip().endswith("This machine can take calls.")

    def test_what_prevents_calls_makes_it_fail(self, tmp_path: Path) -> None:
        blocked = tmp_path / "file"
        blocked.write_text("not a folder")
        result = visavis("doctor", data=blocked / "data")
        assert result.returncode == 1
        assert "✗ The data folder" in result.stdout
        url = f"postgresql://nobody@127.0.0.1:{free_port()}/none"
        unreachable = visavis("doctor", data=tmp_path / "data", VISAVIS_DATABASE_URL=url)
        assert unreachable.returncode == 1
        assert "✗ The database cannot be reached" in unreachable.stdout


class TestServe:
    def test_only_the_first_start_makes_folder_account_and_key(self, start_server: ServerStarter) -> None:
        first = start_server(bootstrap_api_key="", wait="/openapi.json")
        text = first.log.read_text()
        key = re.search(r"vv_[A-Za-z0-9_-]{43}", text)
        assert key, text
        assert f"listens on {first.url}" in text
        assert stat.S_IMODE(first.data.stat().st_mode) == 0o700
        assert stat.S_IMODE((first.data / "secret.key").stat().st_mode) == 0o600
        answer = httpx.get(f"{first.url}/v2/personas", headers={"x-api-key": key[0]}, trust_env=False)
        assert answer.status_code == 200
        link = re.search(r"http\S+/sign-in\?token=\S+", text)
        assert link
        assert httpx.get(link[0], trust_env=False).status_code == 303

        started = time.monotonic()
        assert first.stop(signal.SIGTERM) == 0
        assert time.monotonic() - started < 15
        second = start_server(first.data, bootstrap_api_key="", wait="/openapi.json")
        later = second.log.read_text()
        assert "vv_" not in later
        new_link = re.search(r"http\S+/sign-in\?token=\S+", later)
        assert new_link
        assert new_link[0].partition("=")[2] != link[0].partition("=")[2]
        headers = {"x-api-key": key[0]}
        assert httpx.get(f"{second.url}/v2/personas", headers=headers, trust_env=False).status_code == 200
        assert second.stop(signal.SIGINT) == 0

    def test_a_port_in_use_is_one_sentence(self, tmp_path: Path) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = str(taken.getsockname()[1])
            result = visavis("serve", "--port", port, data=tmp_path)
        assert (result.returncode, result.stdout, result.stderr.count("\n")) == (1, "", 1)
        assert result.stderr.startswith(f"Port {port} on 127.0.0.1 cannot be used (Address already in use)")

    def test_a_second_server_on_the_same_folder_is_one_sentence(self, server: RunningServer) -> None:
        result = visavis("serve", "--port", "0", data=server.data)
        assert (result.returncode, result.stderr.count("\n")) == (1, 1)
        assert result.stderr.startswith("Another Vis-à-vis server uses the data folder")

    def test_bad_settings_are_one_sentence(self, tmp_path: Path) -> None:
        for environment, sentence in (
            ({"VISAVIS_PORT": "many"}, "VISAVIS_PORT: "),
            ({"VISAVIS_DATABASE_URL": "mysql://x/y"}, "VISAVIS_DATABASE_URL must be a sqlite or postgresql URL"),
            ({"VISAVIS_DATABASE_URL": f"postgresql://n@127.0.0.1:{free_port()}/n"}, "The database cannot be used:"),
            ({"VISAVIS_HOST": "no.such.host.invalid"}, "no.such.host.invalid is not an address of this machine."),
            ({"VISAVIS_TRUSTED_PROXIES": "10.0.0.0/99"}, "VISAVIS_TRUSTED_PROXIES: '10.0.0.0/99' is not an address"),
            ({"VISAVIS_ICE_SERVERS": "stun:x"}, "VISAVIS_ICE_SERVERS is not valid JSON"),
        ):
            port = {} if "VISAVIS_PORT" in environment else {"VISAVIS_PORT": str(free_port())}
            result = visavis("serve", data=tmp_path, **port, **environment)
            assert result.returncode == 1, result.stderr
            assert sentence in result.stderr
            assert "Traceback" not in result.stderr

    def test_a_running_server_is_healthy_and_its_log_holds_no_secrets(self, server: RunningServer) -> None:
        with server.client() as client:
            assert client.get("/healthz").json() == {"status": "ok"}
            client.post("/v2/personas", json={"system_prompt": "x", "layers": {"llm": {"api_key": "sk-log-secret-1"}}})
            client.get("/v2/personas?search=query-secret")
        text = server.log.read_text()
        assert '"path": "/v2/personas"' in text
        for secret in (server.key, "sk-log-secret-1", "query-secret"):
            assert secret not in text
