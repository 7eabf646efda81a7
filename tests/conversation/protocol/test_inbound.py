"""What a client may send into a call, after the contract's realtime.md."""

import base64
import json
import uuid

import pytest

from visavis.conversation.protocol import (
    AppendContext,
    Echo,
    Interrupt,
    OverwriteContext,
    Respond,
    Sensitivity,
    parse,
)
from visavis.conversation.protocol.inbound import MalformedInteraction

CALL = "c0123456789abcdef"


def message(event: str, conversation_id: str | None = CALL, **properties: object) -> str:
    body = {"message_type": "conversation", "event_type": event, "properties": properties}
    if conversation_id is not None:
        body["conversation_id"] = conversation_id
    return json.dumps(body)


@pytest.mark.parametrize(
    ("sent", "understood"),
    [
        (message("conversation.respond", text="Hello"), Respond("Hello")),
        (message("conversation.interrupt"), Interrupt()),
        (message("conversation.append_llm_context", context="x"), AppendContext("x")),
        (message("conversation.append_context", context="x"), AppendContext("x")),
        (message("conversation.overwrite_llm_context", context="x"), OverwriteContext("x")),
        (message("conversation.overwrite_context", context="x"), OverwriteContext("x")),
        (
            message("conversation.sensitivity", participant_pause_sensitivity="verylow"),
            Sensitivity(pause="verylow"),
        ),
        (
            message("conversation.sensitivity", participant_interrupt_sensitivity="high"),
            Sensitivity(interrupt="high"),
        ),
        (message("conversation.respond", conversation_id=None, text="no id is fine"), Respond("no id is fine")),
    ],
)
def test_known_interactions_are_understood(sent: str, understood: object) -> None:
    assert parse(sent, CALL) == understood


@pytest.mark.parametrize(
    "sent",
    [
        message("conversation.respond", conversation_id="c_of_another_call", text="Hello"),
        message("conversation.realtime_api", anything=1),
        message("somebody.elses.event"),
    ],
)
def test_messages_for_others_or_of_unknown_kind_are_ignored(sent: str) -> None:
    assert parse(sent, CALL) is None


@pytest.mark.parametrize(
    ("sent", "names"),
    [
        ("{", "JSON"),
        ("[" * 100_000, "nested|JSON"),
        (r'{"event_type": "conversation.respond", "properties": {"text": "half \ud800 emoji"}}', "surrogate"),
        (r'{"event_type": "conversation.echo", "properties": {"text": "x", "inference_id": "\ud800"}}', "surrogate"),
        ("[]", "object"),
        (message("conversation.respond"), "properties.text"),
        (message("conversation.respond", text="  "), "properties.text"),
        (message("conversation.respond", text="x" * 30_000), "longer"),
        (message("conversation.echo", modality="video"), "modality"),
        (message("conversation.echo", modality="audio", audio="%%%"), "base64"),
        (message("conversation.echo", modality="audio", audio="AAAA", sample_rate=1), "sample_rate"),
        (message("conversation.sensitivity"), "exactly one"),
        (message("conversation.sensitivity", participant_pause_sensitivity="loud"), "superlow"),
        (
            message(
                "conversation.sensitivity",
                participant_pause_sensitivity="low",
                participant_interrupt_sensitivity="low",
            ),
            "exactly one",
        ),
        ('{"event_type": "conversation.respond", "properties": []}', "properties"),
    ],
)
def test_malformed_interactions_get_a_sentence_that_names_the_field(sent: str, names: str) -> None:
    with pytest.raises(MalformedInteraction, match=names):
        parse(sent, CALL)


def test_echoed_text_is_done_by_default_and_gets_an_id() -> None:
    echo = parse(message("conversation.echo", text="Say this"), CALL)
    assert isinstance(echo, Echo)
    assert echo.done and echo.text == "Say this" and uuid.UUID(echo.inference_id)


def test_chunks_of_echoed_audio_with_one_given_id_share_one_stable_uuid() -> None:
    pcm = base64.b64encode(b"\x01\x00" * 160).decode()
    chunks = [
        parse(message("conversation.echo", modality="audio", audio=pcm, inference_id="pipecat-7", done=done), CALL)
        for done in (False, "true")
    ]
    first, last = chunks
    assert isinstance(first, Echo) and isinstance(last, Echo)
    assert first.inference_id == last.inference_id and uuid.UUID(first.inference_id)
    assert not first.done and last.done
    assert first.audio == b"\x01\x00" * 160 and first.sample_rate == 16_000
