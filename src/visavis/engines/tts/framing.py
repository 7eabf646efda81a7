"""Messages between the server and a voice worker process: a JSON head and raw sound, each with its length before it.

Both sides import this, so it stays light and knows no engine.
"""

from __future__ import annotations

import faulthandler
import json
import os
import signal
import struct
import sys
from collections.abc import Callable
from typing import IO, Any

Message = dict[str, Any]

LENGTHS = struct.Struct("<II")
"""Bytes of JSON, bytes of sound."""

LARGEST = 1 << 26
"""Bytes; a longer part means that the two sides lost each other."""


def write_frame(stream: IO[bytes], message: Message, payload: bytes = b"") -> None:
    head = json.dumps(message).encode()
    stream.write(LENGTHS.pack(len(head), len(payload)) + head + payload)
    stream.flush()


def read_frame(stream: IO[bytes]) -> tuple[Message, bytes]:
    """Return the next message. Raises EOFError when the other side is gone, ValueError on nonsense."""
    head, payload = LENGTHS.unpack(_exactly(stream, LENGTHS.size))
    if head > LARGEST or payload > LARGEST:
        raise ValueError("A voice worker sent something that is no message.")
    message = json.loads(_exactly(stream, head))
    if not isinstance(message, dict):
        raise ValueError("A voice worker sent something that is no message.")
    return message, _exactly(stream, payload)


def _exactly(stream: IO[bytes], count: int) -> bytes:
    data = stream.read(count)
    if len(data) < count:
        raise EOFError("The other side of a voice worker's pipe is gone.")
    return data


def serve(handle: Callable[[Message], tuple[Message, bytes]], patience: float = 30.0) -> None:
    """Answer messages from stdin on stdout, one at a time, until stdin ends (so a worker dies with its server).

    What `handle` raises goes back as `{"error": sentence}`. A request that takes more than `patience` seconds ends
    the process.
    """
    # Ctrl-C in the terminal reaches the worker too, but it is the server that ends it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    # What a native library prints must not end up between the answers.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    while True:
        try:
            message, _ = read_frame(sys.stdin.buffer)
        except EOFError:
            return
        faulthandler.dump_traceback_later(patience, exit=True)
        try:
            answer, payload = handle(message)
        except Exception as error:  # the server decides what an error means
            answer, payload = {"error": str(error) or type(error).__name__}, b""
        faulthandler.cancel_dump_traceback_later()
        try:
            write_frame(answers, answer, payload)
        except BrokenPipeError:
            return
