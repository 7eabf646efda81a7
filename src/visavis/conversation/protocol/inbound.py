"""Interactions a client sends into a call.

Unknown events, other conversations' messages and malformed ones are not errors of the call: `parse` returns None, or
raises `MalformedInteraction` with a sentence that a developer can act on.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

MAX_TEXT = 20_000
MAX_AUDIO = 4 * 1024 * 1024
"""Bytes of PCM in one echo message: 45 s at 48 kHz."""

SENSITIVITIES = ("superlow", "verylow", "low", "medium", "high", "auto")


class MalformedInteraction(ValueError):
    """An interaction is known but cannot be understood."""


@dataclass(frozen=True, slots=True)
class Respond:
    """Answer as if the person had just said `text`."""

    text: str


@dataclass(frozen=True, slots=True)
class Echo:
    """Say exactly this. Either `text`, or `audio` (PCM int16 mono little-endian) at `sample_rate` Hz.

    Chunks of one utterance share `inference_id`; `done` closes it.
    """

    inference_id: str
    done: bool
    text: str = ""
    audio: bytes | None = None
    sample_rate: int = 16_000


@dataclass(frozen=True, slots=True)
class Interrupt:
    """Stop speaking now."""


@dataclass(frozen=True, slots=True)
class AppendContext:
    context: str


@dataclass(frozen=True, slots=True)
class OverwriteContext:
    context: str


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """Change turn taking during the call; exactly one of the two is set."""

    pause: str | None = None
    interrupt: str | None = None


Inbound = Respond | Echo | Interrupt | AppendContext | OverwriteContext | Sensitivity

_ALIASES = {
    "conversation.append_context": "conversation.append_llm_context",
    "conversation.overwrite_context": "conversation.overwrite_llm_context",
}


def parse(message: str, conversation_id: str) -> Inbound | None:
    """Read one message of the data channel; None when it is not for this call or not known."""
    try:
        body = json.loads(message)
    except ValueError as error:
        raise MalformedInteraction(f"The message is not JSON: {error}.") from error
    except RecursionError as error:
        raise MalformedInteraction("The message is nested too deeply.") from error
    if not isinstance(body, dict):
        raise MalformedInteraction("The message must be a JSON object.")
    if body.get("conversation_id") not in (None, "", conversation_id):
        return None
    event = str(body.get("event_type", ""))
    properties = body.get("properties") or {}
    if not isinstance(properties, dict):
        raise MalformedInteraction(f"`properties` of {event} must be an object.")
    read = _READERS.get(_ALIASES.get(event, event))
    return read(properties) if read else None


def _text(properties: dict[str, Any], key: str) -> str:
    value = properties.get(key)
    if not isinstance(value, str) or not value.strip():
        raise MalformedInteraction(f"`properties.{key}` must be a text that is not empty.")
    if len(value) > MAX_TEXT:
        raise MalformedInteraction(f"`properties.{key}` is longer than {MAX_TEXT} characters.")
    return _unicode(value, key)


def _unicode(value: str, key: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise MalformedInteraction(f"`properties.{key}` holds half a character (a lone surrogate).") from error
    return value


def stable_inference_id(given: str) -> str:
    """A given id becomes the same UUID every time, so that chunks of one utterance find each other."""
    try:
        return str(uuid.UUID(given))
    except ValueError:
        return str(uuid.UUID(bytes=hashlib.md5(given.encode(), usedforsecurity=False).digest()))


def _echo(properties: dict[str, Any]) -> Echo:
    modality = properties.get("modality", "text")
    if modality not in ("text", "audio"):
        raise MalformedInteraction("`properties.modality` must be `text` or `audio`.")
    given = properties.get("inference_id")
    inference_id = stable_inference_id(_unicode(str(given), "inference_id")) if given else str(uuid.uuid4())
    done = properties.get("done", modality == "text")
    done = done.strip().lower() == "true" if isinstance(done, str) else bool(done)
    if modality == "text":
        # An empty last chunk only closes the utterance.
        text = "" if done and not properties.get("text") and given else _text(properties, "text")
        return Echo(inference_id, done, text=text)
    try:
        audio = base64.b64decode(str(properties.get("audio") or ""), validate=True)
    except (binascii.Error, ValueError) as error:
        raise MalformedInteraction("`properties.audio` must be base64.") from error
    if len(audio) > MAX_AUDIO:
        raise MalformedInteraction(f"`properties.audio` is longer than {MAX_AUDIO} bytes; send it in chunks.")
    rate = properties.get("sample_rate", 16_000)
    if isinstance(rate, bool) or not str(rate).isdigit() or not 8000 <= int(rate) <= 48_000:
        raise MalformedInteraction("`properties.sample_rate` must be a number of hertz from 8000 to 48000.")
    return Echo(inference_id, done, audio=audio[: len(audio) // 2 * 2], sample_rate=int(rate))


def _sensitivity(properties: dict[str, Any]) -> Sensitivity:
    pause = properties.get("participant_pause_sensitivity")
    interrupt = properties.get("participant_interrupt_sensitivity")
    if (pause is None) == (interrupt is None):
        raise MalformedInteraction(
            "Give exactly one of `participant_pause_sensitivity` and `participant_interrupt_sensitivity`."
        )
    value = pause if pause is not None else interrupt
    if value not in SENSITIVITIES:
        raise MalformedInteraction(f"A sensitivity must be one of {', '.join(SENSITIVITIES)}.")
    return Sensitivity(pause, interrupt)


_READERS: dict[str, Callable[[dict[str, Any]], Inbound]] = {
    "conversation.respond": lambda p: Respond(_text(p, "text")),
    "conversation.echo": _echo,
    "conversation.interrupt": lambda _: Interrupt(),
    "conversation.append_llm_context": lambda p: AppendContext(_text(p, "context")),
    "conversation.overwrite_llm_context": lambda p: OverwriteContext(_text(p, "context")),
    "conversation.sensitivity": _sensitivity,
}
