"""What holds for every request: strict JSON, paths, CORS, headers, errors, health, pages and the OpenAPI document."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.conftest import TEST_KEY, Api
from tests.fakes import FakeHost, SilentWebhooks

# fmt: off
BAD_BODIES: list[tuple[bytes, int, str]] = [
    (b'{"persona_name": "x", "layers": {"perception": {"perception_model": "raven-1",}}}', 400,
     "a comma has nothing after it (line 1, column"),
    (b'{"a": [1, 2,\n]}', 400, "a comma has nothing after it (line"),
    (b"", 400, "The body is empty"),
    (b"[]", 400, "The body must be a JSON object."),
    (b'{"a": 1, "a": 2}', 400, 'names the key "a" twice'),
    (b'{"persona_name": "\xff"}', 400, "not valid UTF-8 (byte 18)"),
    (b'{"a": NaN}', 400, "NaN, which is not a JSON number"),
    (b'{"a": -Infinity}', 400, "-Infinity, which is not a JSON number"),
    (b'{"a": 1e999}', 400, "too large a number"),
    (b'{"a": ' + b"9" * 5000 + b"}", 400, "a number that is too long"),
    (b'{"a": ' + b"[" * 101 + b"]" * 101 + b"}", 400, "more than 100 levels deep"),
    (b"[" * 100_000, 400, "more than 100 levels deep"),
    (b'{"persona_name": "\\ud800"}', 400, "half of a surrogate pair"),
    (b'{"persona_name": "a\\u0000b"}', 400, "NUL character"),
    (b'{"a": "' + b"x" * (2 * 1024 * 1024) + b'"}', 413, "The body is larger than 2097152 bytes."),
    (b"{'a': 1}", 400, "The body is not valid JSON:"),
]
# fmt: on


class TestBodies:
    async def test_what_cannot_be_kept_is_refused_with_a_sentence(self, api: Api) -> None:
        for raw, status, sentence in BAD_BODIES:
            answer = await api.client.post("/v2/personas", content=raw)
            assert answer.status_code == status, raw[:80]
            assert sentence in answer.json()["error"], raw[:80]

    async def test_the_trailing_comma_is_found_where_it_stands(self, api: Api) -> None:
        raw = b'{\n  "persona_name": "x",\n  "system_prompt": "y",\n}'
        answer = await api.client.post("/v2/personas", content=raw)
        assert "(line 3" in answer.json()["error"] or "(line 4" in answer.json()["error"]

    async def test_any_unicode_survives(self, api: Api) -> None:
        name = "Zoë 😀 \u2028 日本 \u202e"
        persona_id = await api.persona(persona_name=name)
        assert (await api.get(f"/v2/personas/{persona_id}")).json()["persona_name"] == name


class TestPaths:
    async def test_both_forms_of_a_path_answer_without_a_redirect(self, api: Api) -> None:
        for path in (
            "/v2/personas",
            "/v2/pals",
            "/v2/replicas",
            "/v2/faces",
            "/v2/conversations",
            "/v2/faces/r79e1c033f",
        ):
            plain, slashed = await api.get(path), await api.get(path + "/")
            assert plain.status_code == slashed.status_code == 200
            assert plain.json() == slashed.json()

    async def test_unknown_paths_and_methods_get_a_sentence(self, api: Api) -> None:
        for method, path, status in (
            ("GET", "/v2/nothing", 404),
            ("POST", "/v2/nothing", 404),
            ("GET", "/files/%2e%2e/secret.key", 404),
            ("GET", "/assets/..%2f..%2fsettings.py", 404),
            ("GET", "/assets/%2e%2e/%2e%2e/settings.py", 404),
            ("GET", "/assets/a%00b", 404),
            ("GET", "/assets/" + "a" * 5_000, 404),
            ("GET", "/assets/" + "a/" * 3_000, 404),
            ("GET", "/files/replicas/a%00b/thumbnail.jpg", 404),
            ("GET", f"/files/replicas/{'a' * 5_000}/thumbnail.jpg", 404),
            ("PUT", "/v2/personas", 405),
        ):
            answer = await api.send(method, path)
            assert answer.status_code == status, (method, path)
            assert answer.json()["error"].endswith("."), (method, path)


class TestCors:
    async def test_any_origin_may_call_the_api_with_a_key(self, api: Api) -> None:
        preflight = await api.send(
            "OPTIONS",
            "/v2/conversations",
            headers={
                "origin": "https://shop.example",
                "access-control-request-method": "POST",
                "access-control-request-headers": "content-type, x-api-key",
            },
        )
        assert preflight.status_code == 200
        assert preflight.headers["access-control-allow-origin"] == "*"
        assert "x-api-key" in preflight.headers["access-control-allow-headers"].lower()
        answer = await api.get("/v2/personas", headers={"origin": "https://shop.example"})
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in answer.headers

    async def test_no_foreign_page_may_send_the_portals_header(self, api: Api) -> None:
        preflight = await api.send(
            "OPTIONS",
            "/v2/personas",
            headers={
                "origin": "https://evil.example",
                "access-control-request-method": "GET",
                "access-control-request-headers": "X-Visavis-Portal",
            },
        )
        assert "access-control-allow-origin" not in preflight.headers
        other = await api.get("/portal/keys", headers={"origin": "https://evil.example"})
        assert "access-control-allow-origin" not in other.headers


class TestPages:
    async def test_rooms_may_be_framed_and_the_portal_may_not(self, api: Api) -> None:
        async with api.anonymous() as guest:
            room, portal = await guest.get("/c/c123456"), await guest.get("/personas/p1")
        assert room.status_code == portal.status_code == 200
        assert room.headers["content-type"] == portal.headers["content-type"] == "text/html; charset=utf-8"
        assert "frame-ancestors *" in room.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in portal.headers["content-security-policy"]
        for answer in (room, portal):
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["referrer-policy"] == "no-referrer"


class TestHealth:
    async def test_ready_once_the_engines_are_warm_and_honest_when_they_are_not(
        self, start_api: Callable[..., Any]
    ) -> None:
        api: Api = await start_api()
        async with asyncio.timeout(10):
            while (await api.get("/healthz")).status_code != 200:
                await asyncio.sleep(0.01)
        assert (await api.get("/healthz")).json() == {"status": "ok"}
        api.app.state.readiness.reasons = ["No engine for a voice is ready."]
        answer = await api.get("/healthz")
        assert answer.status_code == 503
        assert answer.json()["reasons"] == ["No engine for a voice is ready."]


class TestErrors:
    async def test_a_mistake_of_the_server_tells_nothing_of_itself(
        self, api: Api, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def broken(*_: object) -> None:
            raise RuntimeError("password=hunter2")

        monkeypatch.setattr(api.services.personas, "get", broken)
        answer = await api.get("/v2/personas/p1")
        assert answer.status_code == 500
        assert "hunter2" not in answer.text
        assert answer.headers["x-content-type-options"] == "nosniff"


class TestLog:
    async def test_requests_are_logged_without_queries_keys_and_bodies(self, api: Api) -> None:
        with capture_logs() as lines:
            await api.post("/v2/personas?token=secret-query", {"persona_name": "secret-body", "system_prompt": "x"})
        line = next(item for item in lines if item["event"] == "request")
        assert (line["method"], line["path"], line["status"]) == ("POST", "/v2/personas", 200)
        assert line["account"].startswith("acct_")
        for secret in ("secret-query", "secret-body", TEST_KEY):
            assert secret not in str(lines)


class TestOpenApi:
    async def test_the_document_names_every_operation_once(self, api: Api) -> None:
        document = (await api.get("/openapi.json")).json()
        operations = [
            (operation["operationId"], operation["tags"])
            for methods in document["paths"].values()
            for operation in methods.values()
        ]
        ids = [name for name, tags in operations if tags]
        assert len(ids) == len(set(ids)) == len(operations)
        assert {"create_persona", "create_persona_pals", "create_conversation", "list_replicas_faces"} <= set(ids)
        body = document["paths"]["/v2/personas"]["post"]["requestBody"]["content"]["application/json"]
        assert body["schema"] == {"$ref": "#/components/schemas/PersonaDocument"}
        assert body["example"]["persona_name"] == "Interviewer"
        # Every reference resolves.
        for reference in {part.split('"')[0] for part in json.dumps(document).split('"#/components/schemas/')[1:]}:
            assert reference in document["components"]["schemas"], reference


async def test_the_application_can_be_made_without_being_started(settings: Any) -> None:
    from visavis.app import create_app

    app = create_app(settings, host=FakeHost(), webhooks=SilentWebhooks())
    assert not settings.data.exists()
    assert app.title == "Vis-à-vis"
