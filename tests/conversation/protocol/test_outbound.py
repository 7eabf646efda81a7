"""What a call sends: the envelope of realtime.md."""

import json

from visavis.conversation.protocol import Wire


def wire() -> tuple[Wire, list[dict]]:
    sent: list[dict] = []
    return Wire("c1", lambda text: sent.append(json.loads(text))), sent


def test_every_event_is_numbered_and_stamped_and_leaves_empty_keys_out() -> None:
    out, sent = wire()
    out.emit("conversation.utterance", {"role": "user", "speech": "hi", "interrupted": None}, inference_id="i")
    out.emit("system.replica_joined", message_type="system")
    assert [event["seq"] for event in sent] == [1, 2]
    assert sent[0]["properties"] == {"role": "user", "speech": "hi"}
    assert sent[0]["conversation_id"] == "c1" and isinstance(sent[0]["timestamp"], float)
    assert "turn_idx" not in sent[0] and "properties" not in sent[1] and "inference_id" not in sent[1]


def test_speaking_is_told_in_both_generations_of_names() -> None:
    out, sent = wire()
    out.started_speaking("replica", inference_id="i", turn_idx=3)
    out.stopped_speaking("replica", duration=1.23456, interrupted=True, inference_id="i", turn_idx=3)
    out.stopped_speaking("user", duration=1.0, interrupted=False, inference_id="u", turn_idx=3)
    assert [event["event_type"] for event in sent] == [
        "conversation.replica.started_speaking",
        "conversation.started_speaking",
        "conversation.replica.stopped_speaking",
        "conversation.stopped_speaking",
        "conversation.user.stopped_speaking",
        "conversation.stopped_speaking",
    ]
    assert sent[2]["properties"] == {"duration": 1.235, "interrupted": True}
    assert sent[3]["properties"] == {"role": "replica", "duration": 1.235, "interrupted": True}
    assert "properties" not in sent[4]
    assert all(event["turn_idx"] == 3 for event in sent)


def test_hints_for_the_room_page_do_not_use_up_sequence_numbers() -> None:
    out, sent = wire()
    out.room("room.state", {"state": "listening"})
    out.emit("conversation.utterance", {"role": "user", "speech": "hi"})
    assert "seq" not in sent[0] and sent[1]["seq"] == 1


def test_half_a_character_of_a_model_does_not_break_the_channel() -> None:
    texts: list[str] = []
    Wire("c1", texts.append).emit("conversation.utterance", {"role": "replica", "speech": "half \ud83d"})
    assert texts[0].encode("utf-8")
