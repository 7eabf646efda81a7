"""`visavis talk` as a person starts it: a process, its output, its exit code."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import typer
from beeping_server import ANSWER, GREETING, KEY, BeepingServer
from typer.testing import CliRunner

from visavis.engines.audio import write_wav
from visavis.engines.ports import Pcm
from visavis.talk import command as command_module

PROGRAM = "import typer; from visavis.talk.command import talk; typer.run(talk)"


def command(*options: str, key: str | None = KEY) -> tuple[list[str], dict[str, str]]:
    environment = {name: value for name, value in os.environ.items() if name != "VISAVIS_API_KEY"}
    if key:
        environment["VISAVIS_API_KEY"] = key
    return [sys.executable, "-c", PROGRAM, *options], environment


def talk(*options: str, key: str | None = KEY) -> subprocess.CompletedProcess[str]:
    line, environment = command(*options, key=key)
    return subprocess.run(line, env=environment, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture(scope="session")
def wav(words: Pcm, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("wav") / "question.wav"
    write_wav(path, words, 16_000)
    return path


def document(result: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer


def test_two_spoken_turns_in_a_conversation_of_its_own(server: BeepingServer, wav: Path, tmp_path: Path) -> None:
    out = tmp_path / "reply.mp4"
    result = talk("--url", server.url, "--wav", str(wav), "--wav", str(wav), "--out", str(out))
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    assert f"replica: {GREETING}" in lines
    assert lines.count(f"replica: {ANSWER}") == 2
    assert lines.count("you: beep?") == 2
    assert any(line.startswith("2 of 2 turns answered, latency") for line in lines)
    assert any(line.startswith("recorded") for line in lines)
    assert out.stat().st_size > 5000
    assert server.seen.ended == ["c1"]
    assert len(server.seen.leaves) == 1


def test_json_is_one_document_on_stdout(server: BeepingServer, wav: Path) -> None:
    result = talk("--url", server.url, "--wav", str(wav), "--json", "--keep")
    answer = document(result)
    assert (result.returncode, answer["ok"]) == (0, True)
    (turn,) = answer["turns"]
    assert turn["answer"] == ANSWER
    assert turn["heard"] == "beep?"
    assert turn["hops"] == {"turn_decided": 0.2, "first_frame": 0.3}
    assert answer["median_latency"] == turn["latency"]
    assert 0.25 < turn["latency"] < 1.5
    assert answer["engines"]["tts"] == "a beep"
    assert answer["statistics"]["pictures"] > 20
    assert server.seen.ended == [], "--keep leaves the conversation running"


def test_words_instead_of_sound(server: BeepingServer) -> None:
    result = talk("--url", server.url, "--conversation", "c1", "--text", "--say", "Hello", "--say", "Bye")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "you: Hello" in result.stdout
    assert "you: Bye" in result.stdout
    assert server.seen.ended == [], "somebody else's conversation is not ended"


def test_an_answer_that_cannot_be_heard_is_a_failure(server: BeepingServer) -> None:
    server.behaviour.silent = True
    result = talk("--url", server.url, "--text", "--say", "Hello")
    assert result.returncode == 1
    assert "no sound of its answer arrived" in result.stdout
    assert "0 of 1 turns answered" in result.stdout


def test_no_answer_in_time_is_a_failure(server: BeepingServer) -> None:
    server.behaviour.answers = False
    result = talk("--url", server.url, "--text", "--say", "Hello", "--wait", "1", "--json")
    assert result.returncode == 1
    assert document(result)["turns"][0]["error"] == "The replica did not answer within 1 s."
    assert server.seen.ended == ["c1"]


@pytest.mark.parametrize(
    ("options", "key", "sentence"),
    [
        (["--url", "{nowhere}", "--text"], KEY, "cannot be reached. Is it running"),
        (["--url", "{server}", "--text"], "wrong", "does not accept this API key"),
        (["--url", "{server}", "--text"], "", "wants an API key: set VISAVIS_API_KEY"),
        (["--url", "{server}", "--text", "--persona", "p-none"], KEY, "Invalid persona_id"),
        (["--url", "{server}", "--wav", "{text}"], KEY, "cannot be read as a sound file"),
        (["--url", "{server}", "--text", "--wav", "{text}"], KEY, "--text sends words"),
        (["--url", "{server}", "--mic", "--text"], KEY, "--mic speaks for itself"),
    ],
)
def test_each_wrong_start_has_a_sentence(
    options: list[str],
    key: str,
    sentence: str,
    server: BeepingServer,
    unused_tcp_port: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # In this process, so that it is quick; the log of the other tests stays as it is.
    monkeypatch.setattr(command_module, "quiet_logs", lambda: None)
    text = tmp_path / "no.wav"
    text.write_text("this is no sound")
    places = {"nowhere": f"http://127.0.0.1:{unused_tcp_port}", "server": server.url, "text": str(text)}
    app = typer.Typer()
    app.command()(command_module.talk)
    result = CliRunner().invoke(app, [option.format(**places) for option in options], env={"VISAVIS_API_KEY": key})
    assert result.exit_code == 1
    assert sentence in result.stderr


def test_without_a_sound_card_the_microphone_is_refused_in_words(server: BeepingServer) -> None:
    line, environment = command("--url", server.url, "--mic")
    line[2] = "import sys; sys.modules['sounddevice'] = None; " + PROGRAM
    result = subprocess.run(line, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 1
    assert "--mic needs the `sounddevice` package" in result.stderr
    assert server.seen.ended == ["c1"]


@pytest.mark.skipif(sys.platform == "win32", reason="SIGINT to a child is a POSIX matter")
def test_ctrl_c_closes_everything_and_exits(server: BeepingServer) -> None:
    server.behaviour.answers = False
    line, environment = command("--url", server.url, "--text", "--say", "Hello", "--wait", "60")
    with subprocess.Popen(line, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + 30
        while not server.seen.messages:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=15)
    assert process.returncode == 130
    assert "Traceback" not in errors
    assert len(server.seen.leaves) == 1
    assert server.seen.ended == ["c1"]
