"""Personas over HTTP, in both vocabularies."""

from __future__ import annotations

from typing import Any

from tests.conftest import Api

QUICKSTART: dict[str, Any] = {
    "persona_name": "Interviewer",
    "system_prompt": "As an Interviewer, you are a skilled professional who conducts thoughtful and structured "
    "interviews...",
    "pipeline_mode": "full",
    "context": "You have a track record of conducting interviews...",
    "default_replica_id": "rfe12d8b9597",
    "layers": {
        "perception": {
            "perception_model": "raven-0",
            "ambient_awareness_queries": ["Is the user maintaining eye contact?"],
        },
        "conversational_flow": {
            "turn_detection_model": "sparrow-1",
            "turn_taking_patience": "medium",
            "replica_interruptibility": "medium",
        },
    },
}

LIFE_COACH: dict[str, Any] = {
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
                                "location": {
                                    "type": "string",
                                    "description": "The city and state, e.g. San Francisco, CA",
                                },
                                "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
                            },
                            "required": ["location"],
                        },
                    },
                }
            ],
            "headers": {"Authorization": "Bearer your-api-key"},
            "extra_body": {"temperature": 0.5},
        },
        "tts": {
            "api_key": "your-api-key",
            "tts_engine": "cartesia",
            "external_voice_id": "external-voice-id",
            "voice_settings": {"speed": "normal", "emotion": ["positivity:high", "curiosity"]},
            "playht_user_id": "your-playht-user-id",
            "tts_emotion_control": "false",
            "tts_model_name": "sonic",
        },
        "perception": {
            "perception_model": "raven-0",
            "ambient_awareness_queries": [
                "Is the user showing an ID card?",
                "Does the user appear distressed or uncomfortable?",
            ],
            "perception_tool_prompt": "You have a tool to notify the system when a user's ID card is detected...",
            "perception_tools": [
                {
                    "type": "function",
                    "function": {
                        "name": "notify_if_id_shown",
                        "description": "Use this function when a drivers license or passport is detected in the image "
                        "with high confidence.",
                        "parameters": {
                            "type": "object",
                            "properties": {
                                "id_type": {"type": "string", "description": "best guess on what type of ID it is"}
                            },
                            "required": ["id_type"],
                        },
                    },
                }
            ],
        },
        "stt": {
            "stt_engine": "tavus-turbo",
            "participant_pause_sensitivity": "high",
            "participant_interrupt_sensitivity": "high",
            "hotwords": "This is a hotword example",
            "smart_turn_detection": True,
        },
    },
}


# fmt: off
REFUSALS: list[tuple[dict[str, Any], str]] = [
    ({"system_prompt": " "}, "system_prompt is required unless pipeline_mode is echo"),
    ({"system_prompt": 5}, "system_prompt must be a string."),
    ({"persona_name": ""}, "persona_name must not be blank"),
    ({"persona_name": "x" * 256}, "persona_name may have at most 255 characters."),
    ({"pipeline_mode": "half"}, "pipeline_mode must be one of 'full', 'echo', 'speech-to-speech'."),
    ({"default_replica_id": "r000"}, "Invalid replica_uuid"),
    ({"default_replica_id": "../../etc"}, "Invalid replica_uuid"),
    ({"guardrail_ids": ["g"] * 51}, "guardrail_ids may hold at most 50 entries."),
    ({"document_ids": "d1"}, "document_ids must be a list."),
    ({"layers": []}, "layers must be an object."),
    ({"layers": {"llm": {"extra_body": {"temperature": 3}}}}, "layers.llm.extra_body.temperature must be at most 2"),
    ({"layers": {"llm": {"tools": [{"type": "function", "function": {}}]}}}, "layers.llm.tools.0 must have a function"),
    ({"layers": {"tts": {"tts_engine": "gramophone"}}}, "layers.tts.tts_engine must be one of cartesia, elevenlabs"),
    ({"layers": {"tts": {"tts_emotion_control": "perhaps"}}}, "layers.tts.tts_emotion_control must be true or false."),
    ({"layers": {"tts": {"voice_settings": {"stability": 2}}}}, "layers.tts.voice_settings.stability must be at"),
    ({"layers": {"stt": {"stt_engine": "ear"}}}, "layers.stt.stt_engine must be one of tavus-auto"),
    ({"layers": {"stt": {"participant_pause_sensitivity": "x"}}}, "layers.stt.participant_pause_sensitivity must be"),
    ({"layers": {"conversational_flow": {"turn_taking_patience": "none"}}}, "turn_taking_patience must be one of"),
    ({"layers": {"perception": {"perception_model": "raven-9"}}}, "layers.perception.perception_model must be one of"),
    ({"layers": {"perception": {"ambient_awareness_queries": ["x" * 10_001]}}}, "at most 10000 characters"),
    ({"layers": {"conferencing": {"username": "u"}}}, "default_replica_id is required when layers.conferencing"),
    ({"persona_name": "A", "pal_name": "B"}, "persona_name and pal_name are two names of one field"),
]
# fmt: on


class TestCreate:
    async def test_the_quickstart_request_works_and_comes_back_in_both_vocabularies(self, api: Api) -> None:
        created = await api.post("/v2/personas", QUICKSTART)
        assert created.status_code == 200
        body = created.json()
        assert body["persona_name"] == body["pal_name"] == "Interviewer"
        assert body["persona_id"] == body["pal_id"]
        assert body["persona_id"].startswith("p")
        assert body["created_at"].endswith("Z")

        shown = (await api.get(f"/v2/personas/{body['persona_id']}")).json()
        assert shown["default_face_id"] == shown["default_replica_id"] == "rfe12d8b9597"
        flow = shown["layers"]["conversational_flow"]
        assert flow["replica_interruptibility"] == flow["pal_interruptibility"] == flow["face_interruptibility"]
        perception = shown["layers"]["perception"]
        assert perception["visual_awareness_queries"] == ["Is the user maintaining eye contact?"]
        assert perception["ambient_awareness_queries"] == ["Is the user maintaining eye contact?"]
        assert shown["data"] == [{key: value for key, value in shown.items() if key != "data"}]

    async def test_the_older_life_coach_request_works_and_hides_its_keys(self, api: Api) -> None:
        created = await api.post("/v2/personas/", LIFE_COACH)
        assert created.status_code == 200, created.text
        answer = await api.get(f"/v2/personas/{created.json()['persona_id']}/")
        layers = answer.json()["layers"]
        assert "your-api-key" not in answer.text
        assert layers["llm"]["api_key"] == "****-key"
        assert layers["llm"]["headers"]["Authorization"] == "****-key"
        assert layers["llm"]["base_url"] == "your-base-url"
        assert layers["llm"]["tools"] == LIFE_COACH["layers"]["llm"]["tools"]
        assert layers["tts"]["tts_emotion_control"] is False
        assert layers["tts"]["voice_settings"] == LIFE_COACH["layers"]["tts"]["voice_settings"]
        assert layers["perception"]["visual_tools"] == LIFE_COACH["layers"]["perception"]["perception_tools"]
        assert layers["stt"]["participant_pause_sensitivity"] == "high"

    async def test_new_names_are_accepted_on_the_old_path_and_the_other_way_round(self, api: Api) -> None:
        new = {"pal_name": "New", "system_prompt": "x", "default_face_id": "r90bbd427f71"}
        old = {"persona_name": "Old", "system_prompt": "x", "default_replica_id": "r90bbd427f71"}
        for path, body, name in (("/v2/personas", new, "New"), ("/v2/pals", old, "Old")):
            answer = await api.post(path, body)
            assert answer.json()["pal_name"] == answer.json()["persona_name"] == name

    async def test_a_pal_needs_a_face(self, api: Api) -> None:
        answer = await api.post("/v2/pals", {"pal_name": "X", "system_prompt": "x"})
        assert (answer.status_code, answer.json()) == (400, {"error": "default_face_id is required."})

    async def test_without_a_name_one_is_made(self, api: Api) -> None:
        assert (
            (await api.post("/v2/personas", {"system_prompt": "x"})).json()["persona_name"].startswith("New Persona ")
        )

    async def test_some_modes_need_no_prompt(self, api: Api) -> None:
        for mode in ("echo", "speech-to-speech"):
            assert (await api.post("/v2/personas", {"persona_name": "E", "pipeline_mode": mode})).status_code == 200

    async def test_an_answer_sent_back_makes_a_second_persona(self, api: Api) -> None:
        persona_id = await api.persona(layers={"llm": {"model": "m"}})
        shown = (await api.get(f"/v2/personas/{persona_id}")).json()
        created = await api.post("/v2/personas", shown)
        assert created.status_code == 200, created.text
        assert created.json()["persona_id"] != persona_id

    async def test_a_copy_cannot_take_the_secret_of_the_original_along(self, api: Api) -> None:
        persona_id = await api.persona(layers={"llm": {"api_key": "sk-abcdefghijklmnop"}})
        shown = (await api.get(f"/v2/personas/{persona_id}")).json()
        created = await api.post("/v2/personas", shown)
        assert created.status_code == 400
        assert created.json()["error"].startswith("layers.llm.api_key is a masked secret")

    async def test_documents_inside_layers_are_hoisted(self, api: Api) -> None:
        persona_id = await api.persona(layers={"document_ids": ["d1"], "document_tags": ["t"]})
        shown = (await api.get(f"/v2/personas/{persona_id}")).json()
        assert (shown["document_ids"], shown["document_tags"], shown["layers"]) == (["d1"], ["t"], {})

    async def test_unknown_fields_of_layers_are_kept(self, api: Api) -> None:
        layers = {"llm": {"novel_option": {"a": [1, None]}}, "future": {"x": 1}}
        persona_id = await api.persona(layers=layers)
        assert (await api.get(f"/v2/personas/{persona_id}")).json()["layers"] == layers

    async def test_hotwords_may_be_a_list(self, api: Api) -> None:
        persona_id = await api.persona(layers={"stt": {"hotwords": ["alpha", "beta"]}})
        assert (await api.get(f"/v2/personas/{persona_id}")).json()["layers"]["stt"]["hotwords"] == "alpha, beta"

    async def test_one_flow_field_brings_the_defaults_of_the_others(self, api: Api) -> None:
        persona_id = await api.persona(layers={"conversational_flow": {"turn_taking_patience": "low"}})
        flow = (await api.get(f"/v2/personas/{persona_id}")).json()["layers"]["conversational_flow"]
        assert flow["turn_taking_patience"] == "low"
        assert (flow["turn_detection_model"], flow["voice_isolation"], flow["idle_engagement"]) == (
            "sparrow-1",
            "near",
            "off",
        )

    async def test_a_refusal_names_the_field_and_the_reason(self, api: Api) -> None:
        for fields, sentence in REFUSALS:
            answer = await api.post("/v2/personas", {"system_prompt": "x", **fields})
            assert answer.status_code == 400, fields
            assert sentence in answer.json()["error"]
        assert (await api.get("/v2/personas?persona_type=user")).json()["total_count"] == 0


class TestList:
    async def test_pages_and_totals(self, api: Api) -> None:
        created = [await api.persona(persona_name=f"Number {index}") for index in range(5)]
        for page, expected in ((0, created[4:2:-1]), (1, created[4:2:-1]), (2, created[2:0:-1]), (3, created[:1])):
            answer = (await api.get(f"/v2/personas?persona_type=user&limit=2&page={page}")).json()
            assert [item["persona_id"] for item in answer["data"]] == expected
            assert answer["total_count"] == 5

    async def test_own_ones_come_before_the_stock_ones(self, api: Api) -> None:
        mine = await api.persona()
        ids = [item["pal_id"] for item in (await api.get("/v2/pals?limit=1000000")).json()["data"]]
        assert ids[0] == mine
        assert {"pcb7a34da5fe", "pdac61133ac5", "p1af207b8189", "paaee96e4f87", "pdced222244b", "p48fdf065d6b"} < set(
            ids
        )
        assert {"pipecat0", "pb87e71797da"} < set(ids)

    async def test_filter_by_owner_under_either_name(self, api: Api) -> None:
        mine = await api.persona()
        for name in ("persona_type", "pal_type"):
            own = (await api.get(f"/v2/pals?{name}=user")).json()
            assert [item["pal_id"] for item in own["data"]] == [mine]
            stock = (await api.get(f"/v2/pals?{name}=system")).json()
            assert stock["total_count"] == 8
            assert {item["pal_type"] for item in stock["data"]} == {"system"}

    async def test_search_by_part_of_a_name_or_id(self, api: Api) -> None:
        mine = await api.persona(persona_name="Travel planner for 100% of Europe")
        for parameter, text in (("search", "trav planner"), ("query", "100%"), ("name", mine[2:8])):
            found = (await api.get("/v2/personas", params={parameter: text})).json()
            assert [item["persona_id"] for item in found["data"]] == [mine]
        assert (await api.get("/v2/personas", params={"search": "nothing_like_it"})).json()["data"] == []

    async def test_bad_values_get_a_sentence(self, api: Api) -> None:
        for query, sentence in (
            ("limit=0", "limit must be at least 1."),
            ("limit=ten", "limit must be a whole number of 0 or more, not 'ten'."),
            ("page=-1", "page must be a whole number of 0 or more, not '-1'."),
            ("page=" + "9" * 5000, "page must be a whole number"),
            ("persona_type=mine", "persona_type must be one of 'user', 'system'."),
        ):
            answer = await api.get(f"/v2/personas?{query}")
            assert answer.status_code == 400
            assert answer.json()["error"].startswith(sentence)


class TestPatch:
    async def test_a_layer_that_was_never_given_is_created(self, api: Api) -> None:
        persona_id = await api.persona()
        patch = [{"op": "add", "path": "/layers/stt/hotwords", "value": "leadership"}]
        answer = await api.patch(f"/v2/personas/{persona_id}", patch)
        assert answer.status_code == 200
        assert answer.json()["layers"]["stt"] == {"hotwords": "leadership"}
        assert answer.json()["data"][0]["layers"]["stt"] == {"hotwords": "leadership"}

    async def test_either_vocabulary_works_in_paths_and_values(self, api: Api) -> None:
        persona_id = await api.persona()
        patch = [
            {"op": "replace", "path": "/pal_name", "value": "Renamed"},
            {"op": "replace", "path": "/default_face_id", "value": "r90bbd427f71"},
            {"op": "replace", "path": "/layers/conversational_flow", "value": {"face_interruptibility": "high"}},
            {"op": "add", "path": "/layers/perception/ambient_awareness_queries/-", "value": "Is there a dog?"},
        ]
        shown = (await api.patch(f"/v2/pals/{persona_id}", patch)).json()
        assert shown["persona_name"] == "Renamed"
        assert shown["default_replica_id"] == "r90bbd427f71"
        assert shown["layers"]["conversational_flow"]["replica_interruptibility"] == "high"
        assert shown["layers"]["perception"]["visual_awareness_queries"] == ["Is there a dog?"]

    async def test_a_patch_that_changes_nothing_answers_304_without_a_body(self, api: Api) -> None:
        persona_id = await api.persona(layers={"llm": {"api_key": "sk-abcdefghijklmnop"}})
        for patch in (
            [],
            [{"op": "replace", "path": "/persona_name", "value": "P"}],
            [{"op": "remove", "path": "/greeting"}],
            [{"op": "test", "path": "/persona_name", "value": "P"}],
            [{"op": "replace", "path": "/layers/llm/api_key", "value": "****mnop"}],
            [{"op": "replace", "path": "/layers/llm/api_key", "value": "sk-abcdefghijklmnop"}],
        ):
            answer = await api.patch(f"/v2/personas/{persona_id}", patch)
            assert (answer.status_code, answer.content) == (304, b""), patch

    async def test_a_malformed_patch_answers_422(self, api: Api) -> None:
        persona_id = await api.persona()
        malformed: list[Any] = [
            {"op": "add"},
            ["add"],
            [{"op": "put", "path": "/x", "value": 1}],
            [{"op": "add", "path": "/x"}],
            [{"op": "add", "value": 1}],
            [{"op": "add", "path": "x", "value": 1}],
            [{"op": "add", "path": "/a~2", "value": 1}],
            [{"op": "copy", "path": "/x"}],
            [{"op": "replace", "path": "", "value": {}}],
            [{"op": "move", "from": "/layers", "path": "/layers/llm"}],
        ]
        for body in malformed:
            answer = await api.patch(f"/v2/personas/{persona_id}", body)
            assert answer.status_code == 422, body
            assert answer.json()["message"] == "Invalid JSON patch format"
            assert answer.json()["detail"].endswith(".")

    async def test_one_bad_operation_leaves_everything_as_it_was(self, api: Api) -> None:
        persona_id = await api.persona()
        for last in (
            {"op": "replace", "path": "/pipeline_mode", "value": "half"},
            {"op": "test", "path": "/persona_name", "value": "Another"},
            {"op": "replace", "path": "/system_prompt", "value": ""},
            {"op": "replace", "path": "/persona_id", "value": "p1"},
            {"op": "add", "path": "/guardrail_ids/7", "value": "g1"},
            {"op": "replace", "path": "/default_replica_id", "value": "r-unknown"},
            {"op": "replace", "path": "/layers/tts/api_key", "value": "****abcd"},
        ):
            patch = [{"op": "replace", "path": "/persona_name", "value": "Changed"}, last]
            answer = await api.patch(f"/v2/personas/{persona_id}", patch)
            assert answer.status_code == 400, last
            assert (await api.get(f"/v2/personas/{persona_id}")).json()["persona_name"] == "P"

    async def test_a_masked_secret_keeps_the_stored_one_and_a_new_one_replaces_it(self, api: Api) -> None:
        persona_id = await api.persona(layers={"llm": {"api_key": "sk-first-secret-0001", "model": "a"}})
        shown = (await api.get(f"/v2/personas/{persona_id}")).json()
        layer = {**shown["layers"]["llm"], "model": "b"}
        await api.patch(f"/v2/personas/{persona_id}", [{"op": "add", "path": "/layers/llm", "value": layer}])
        await api.conversation(persona_id=persona_id)
        assert list(api.host.specs.values())[-1].persona["layers"]["llm"]["api_key"] == "sk-first-secret-0001"

        second = {"op": "replace", "path": "/layers/llm/api_key", "value": "sk-second-secret-01"}
        assert (await api.patch(f"/v2/personas/{persona_id}", [second])).status_code == 200
        await api.conversation(persona_id=persona_id)
        assert list(api.host.specs.values())[-1].persona["layers"]["llm"]["api_key"] == "sk-second-secret-01"

    async def test_unknown_persona(self, api: Api) -> None:
        answer = await api.patch("/v2/personas/p0", [{"op": "remove", "path": "/greeting"}])
        assert (answer.status_code, answer.json()) == (400, {"error": "Invalid persona_id"})


class TestSecretsAtRest:
    async def test_no_secret_is_in_the_tables_in_clear(self, api: Api) -> None:
        secret = "sk-very-secret-value-42"
        await api.persona(
            layers={
                "llm": {"api_key": secret, "headers": {"X-Api-Key": secret, "X-Trace": "plain"}},
                "tts": {"api_key": secret},
                "stt": {"api_key": secret},
                "other": {"nested": [{"auth_token": secret}]},
            }
        )
        listed = await api.get("/v2/personas?persona_type=user")
        assert secret not in listed.text
        assert listed.json()["data"][0]["layers"]["llm"]["headers"]["X-Trace"] == "****"
        from sqlalchemy import text

        async with api.services.database.read() as session:
            rows = (await session.execute(text("SELECT document, secrets FROM personas"))).all()
        assert secret not in str(rows)


class TestOthers:
    async def test_delete(self, api: Api) -> None:
        persona_id = await api.persona()
        assert (await api.delete(f"/v2/personas/{persona_id}")).status_code == 204
        assert (await api.get(f"/v2/personas/{persona_id}")).json() == {"error": "Invalid persona_id"}
        assert (await api.delete(f"/v2/personas/{persona_id}")).status_code == 400

    async def test_a_stock_persona_cannot_be_changed(self, api: Api) -> None:
        patch = [{"op": "replace", "path": "/system_prompt", "value": "Obey."}]
        for answer in (await api.patch("/v2/personas/pcb7a34da5fe", patch), await api.delete("/v2/pals/pcb7a34da5fe")):
            assert answer.status_code == 403
            assert "stock persona" in answer.json()["error"]

    async def test_publish_changes_nothing_and_says_so(self, api: Api) -> None:
        persona_id = await api.persona()
        answer = (await api.post(f"/v2/pals/{persona_id}/publish")).json()
        assert (answer["status"], answer["pal_id"], answer["pal_name"]) == ("success", persona_id, "P")
        assert answer["system_prompt"] == "You help."

    async def test_check_username(self, api: Api) -> None:
        assert (await api.get("/v2/pals/check-username?username=anna")).json()["available"] is True

    async def test_every_stock_persona_talks_or_echoes_and_has_a_face(self, api: Api) -> None:
        stock = (await api.get("/v2/personas?persona_type=system")).json()["data"]
        for persona in stock:
            assert persona["default_replica_id"]
            if persona["pipeline_mode"] == "full":
                assert "You can " in persona["system_prompt"]
                assert persona["greeting"]
