"""Logs: one stream, JSON where nobody watches."""

from __future__ import annotations

import json
import subprocess
import sys

SCRIPT = """
import logging, structlog
from visavis import log
log.configure(log_format={format!r}, level="info")
structlog.get_logger("ours").info("hello", answer=42, name="é")
structlog.get_logger("ours").debug("unseen")
logging.getLogger("theirs").warning("careful %s", 1)
logging.getLogger("uvicorn.access").info("GET /?token=secret")
logging.getLogger("httpx").info("POST https://example.com/?key=secret")
try:
    secret = "hunter2"
    raise ValueError("wrong")
except ValueError:
    structlog.get_logger("ours").exception("failed")
"""


def run(log_format: str) -> str:
    result = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(format=log_format)], capture_output=True, text=True, timeout=30, check=True
    )
    assert result.stdout == ""
    return result.stderr


def test_json_lines_of_our_loggers_and_of_libraries() -> None:
    lines = [json.loads(line) for line in run("auto").splitlines()]
    assert [line["event"] for line in lines] == ["hello", "careful 1", "failed"]
    assert (lines[0]["answer"], lines[0]["name"], lines[0]["level"], lines[0]["logger"]) == (42, "é", "info", "ours")
    assert "ValueError: wrong" in lines[2]["exception"]
    assert "hunter2" not in lines[2]["exception"].replace('secret = "hunter2"', "")


def test_the_console_is_for_people() -> None:
    text = run("console")
    assert "hello" in text
    assert "answer=42" in text
    assert "secret" not in text.split("failed", maxsplit=1)[0]
