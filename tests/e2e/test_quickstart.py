"""The requests of the public quickstart, verbatim, with only host and key changed, and then a talk over them."""

from __future__ import annotations

import asyncio

import pytest

from tests.e2e.conftest import CallServer
from visavis.talk.client import TalkClient

pytestmark = [pytest.mark.slow]

INTERVIEWER = """{
  "persona_name": "Interviewer",
  "system_prompt": "As an Interviewer, you are a skilled professional who conducts thoughtful and structured interviews. Your aim is to ask insightful questions, listen carefully, and assess responses objectively to identify the best candidates.",
  "pipeline_mode": "full",
  "context": "You have a track record of conducting interviews that put candidates at ease, draw out their strengths, and help organizations make excellent hiring decisions.",
  "default_replica_id": "r90bbd427f71",
  "layers": {
    "perception": {
      "perception_model": "raven-1"%s
    },
    "conversational_flow": {
      "turn_detection_model": "sparrow-1",
      "turn_taking_patience": "medium",
      "replica_interruptibility": "medium"
    }
  }
}"""  # noqa: E501 - as printed

LIFE_COACH = """{
  "persona_name": "Life Coach",
  "system_prompt": "As a Life Coach, you are a dedicated professional who specializes in...",
  "pipeline_mode": "full",
  "context": "Here are a few times that you have helped an individual make a breakthrough in...",
  "default_replica_id": "r79e1c033f",
  "layers": {
    "llm": {
      "model": "<string>",
      "base_url": "your-base-url",
      "api_key": "your-api-key",
      "tools": [
        {
          "type": "function",
          "function": {
            "name": "get_current_weather",
            "description": "Get the current weather in a given location",
            "parameters": {
              "type": "object",
              "properties": {
                "location": {"type": "string", "description": "The city and state, e.g. San Francisco, CA"},
                "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]}
              },
              "required": ["location"]
            }
          }
        }
      ],
      "headers": {"Authorization": "Bearer your-api-key"},
      "extra_body": {"temperature": 0.5}
    },
    "tts": {
      "api_key": "your-api-key",
      "tts_engine": "cartesia",
      "external_voice_id": "external-voice-id",
      "voice_settings": {"speed": "normal", "emotion": ["positivity:high", "curiosity"]},
      "playht_user_id": "your-playht-user-id",
      "tts_emotion_control": "false",
      "tts_model_name": "sonic"
    },
    "perception": {
      "perception_model": "raven-0",
      "ambient_awareness_queries": [
        "Is the user showing an ID card?",
        "Does the user appear distressed or uncomfortable?"
      ],
      "perception_tool_prompt": "You have a tool to notify the system when a user's ID card is detected...",
      "perception_tools": [
        {
          "type": "function",
          "function": {
            "name": "notify_if_id_shown",
            "description": "Use this function when a drivers license or passport is detected in the image with high confidence.",
            "parameters": {
              "type": "object",
              "properties": {"id_type": {"type": "string", "description": "best guess on what type of ID it is"}},
              "required": ["id_type"]
            }
          }
        }
      ]
    },
    "stt": {
      "stt_engine": "tavus-turbo",
      "participant_pause_sensitivity": "high",
      "participant_interrupt_sensitivity": "high",
      "hotwords": "This is a hotword example",
      "smart_turn_detection": true
    }
  }
}"""  # noqa: E501 - as printed

JSON = {"content-type": "application/json"}


def test_the_quickstart_from_persona_to_transcript(call_server: CallServer) -> None:
    with call_server.client() as http:
        created = http.post("/v2/personas", content=INTERVIEWER % "", headers=JSON)
        assert created.status_code == 200, created.text
        persona_id = created.json()["persona_id"]

        listed = http.get("/v2/personas").json()
        assert persona_id in [persona["persona_id"] for persona in listed["data"]]
        assert http.get(f"/v2/personas/{persona_id}").json()["persona_name"] == "Interviewer"

        patch = [{"op": "add", "path": "/layers/stt/hotwords", "value": "leadership"}]
        assert http.patch(f"/v2/personas/{persona_id}", json=patch).status_code == 200
        assert http.get(f"/v2/personas/{persona_id}").json()["layers"]["stt"]["hotwords"] == "leadership"
        assert http.patch(f"/v2/personas/{persona_id}", json=patch).status_code == 304

        body = {"persona_id": persona_id, "conversation_name": "Interview User"}
        conversation = http.post("/v2/conversations", json=body).json()
        assert conversation["status"] == "active"
        conversation_id = conversation["conversation_id"]
        assert conversation["conversation_url"].endswith(conversation_id)
        assert "<html" in http.get(conversation["conversation_url"]).text

        asyncio.run(talk(call_server.url, conversation_id))

        assert http.post(f"/v2/conversations/{conversation_id}/end").status_code == 200
        ended = http.get(f"/v2/conversations/{conversation_id}", params={"verbose": "true"}).json()
        assert ended["status"] == "ended"
        said = [(entry["role"], entry["content"]) for entry in ended["transcript"] if entry["role"] != "system"]
        assert ("user", "What can you do?") in said
        assert said[-1][0] == "assistant" and len(said[-1][1]) > 10

        assert http.delete(f"/v2/personas/{persona_id}").status_code == 204
        gone = http.get(f"/v2/personas/{persona_id}")
        assert gone.status_code == 400 and gone.json()["error"] == "Invalid persona_id"


async def talk(url: str, conversation_id: str) -> None:
    async with TalkClient(url, conversation_id) as client:
        await client.respond("What can you do?")
        reply = await client.next_reply(timeout=20)
        assert reply.text


def test_the_printed_trailing_comma_gets_a_clear_400_and_stores_nothing(call_server: CallServer) -> None:
    with call_server.client() as http:
        before = http.get("/v2/personas", params={"persona_type": "user"}).json()["total_count"]
        answer = http.post("/v2/personas", content=INTERVIEWER % ",", headers=JSON)
        assert answer.status_code == 400
        assert "line" in answer.json()["error"] and "comma" in answer.json()["error"].lower()
        assert http.get("/v2/personas", params={"persona_type": "user"}).json()["total_count"] == before


def test_the_older_life_coach_body_is_accepted_masked_and_talks(call_server: CallServer) -> None:
    with call_server.client() as http:
        created = http.post("/v2/personas", content=LIFE_COACH, headers=JSON)
        assert created.status_code == 200, created.text
        persona = http.get(f"/v2/personas/{created.json()['persona_id']}").json()
        assert "your-api-key" not in str(persona)
        assert persona["layers"]["perception"]["ambient_awareness_queries"]
        conversation = http.post("/v2/conversations", json={"persona_id": persona["persona_id"]}).json()
    asyncio.run(talk(call_server.url, conversation["conversation_id"]))
    call_server.end(conversation["conversation_id"])


def test_an_audio_only_call_talks_without_a_picture(call_server: CallServer) -> None:
    created = call_server.create(persona_id="pdac61133ac5", audio_only=True, custom_greeting="Hello, I hear you.")

    async def listen() -> None:
        async with TalkClient(call_server.url, created["conversation_id"]) as client:
            reply = await client.next_reply(timeout=20)
            assert reply.text == "Hello, I hear you." and reply.audible
            assert client.picture is None

    asyncio.run(listen())
    call_server.end(created["conversation_id"])
