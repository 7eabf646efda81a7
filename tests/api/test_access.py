"""Who may ask for what: keys, allow-lists, proxies, the portal's session, and the walls between accounts."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from tests.conftest import TEST_KEY, Api
from visavis.api.keys.repository import touch
from visavis.db.models import ApiKey, now

ENDPOINTS = [
    ("GET", "/v2/personas"),
    ("POST", "/v2/personas"),
    ("GET", "/v2/personas/{persona}"),
    ("PATCH", "/v2/personas/{persona}"),
    ("DELETE", "/v2/personas/{persona}"),
    ("POST", "/v2/personas/{persona}/publish"),
    ("GET", "/v2/personas/check-username?username=a"),
    ("GET", "/v2/replicas"),
    ("POST", "/v2/replicas"),
    ("GET", "/v2/replicas/{replica}"),
    ("PATCH", "/v2/replicas/{replica}"),
    ("PATCH", "/v2/replicas/{replica}/name"),
    ("DELETE", "/v2/replicas/{replica}"),
    ("GET", "/v2/conversations"),
    ("POST", "/v2/conversations"),
    ("GET", "/v2/conversations/{conversation}"),
    ("POST", "/v2/conversations/{conversation}/end"),
    ("DELETE", "/v2/conversations/{conversation}"),
]


def aliases(path: str) -> list[str]:
    return [path, path.replace("/personas", "/pals").replace("/replicas", "/faces")]


class TestKeys:
    async def test_without_a_valid_key_every_endpoint_answers_401(self, api: Api) -> None:
        for headers in ({}, {"x-api-key": "vv_wrong"}, {"x-api-key": ""}, {"authorization": f"Bearer {TEST_KEY}"}):
            async with api.anonymous(**headers) as client:
                for method, template in ENDPOINTS:
                    for path in aliases(template.format(persona="p1", replica="r1", conversation="c1")):
                        answer = await client.request(method, path, json={})
                        assert answer.status_code == 401, (method, path)
                        assert answer.json() == {"message": "Invalid access token"}

    async def test_the_list_above_is_complete(self, api: Api) -> None:
        paths = (await api.get("/openapi.json")).json()["paths"]
        known = {(method, path.partition("?")[0]) for method, template in ENDPOINTS for path in aliases(template)}
        generic = {
            (name.upper(), path.replace("_id}", "}"))
            for path, methods in paths.items()
            if path.startswith("/v2/")
            for name in methods
        }
        assert generic <= known

    async def test_a_key_is_revoked_at_once_and_its_use_is_noted(self, api: Api) -> None:
        account = await api.services.accounts.ensure()
        row, key = await api.services.keys.create(account.id, "short-lived")
        async with api.anonymous(**{"x-api-key": key}) as client:
            assert (await client.get("/v2/replicas")).status_code == 200
            async with asyncio.timeout(5):
                while (await self.stored(api, account.id, row.id)).last_used_at is None:
                    await asyncio.sleep(0.01)
            await api.services.keys.revoke(account.id, row.id)
            assert (await client.get("/v2/replicas")).status_code == 401

    async def stored(self, api: Api, account_id: str, key_id: str) -> ApiKey:
        rows: list[ApiKey] = await api.services.keys.list(account_id)
        return next(item for item in rows if item.id == key_id)

    async def test_a_database_that_cannot_be_written_still_answers_reads(self, api: Api) -> None:
        account = await api.services.accounts.ensure()
        row, key = await api.services.keys.create(account.id, "reader")
        with capture_logs() as lines:
            async with api.anonymous(**{"x-api-key": key}) as client, api.services.database.write() as holder:
                await touch(holder, row.id, now() - timedelta(hours=1))
                for _ in range(3):
                    begun = time.monotonic()
                    assert (await client.get("/v2/replicas")).status_code == 200
                    assert time.monotonic() - begun < 0.9, "the answer does not wait for the lock"
                await api.services.keys.close()
        said = [line for line in lines if line["event"] == "keys.use_not_noted"]
        assert [line["key_id"] for line in said] == [row.id], "tried once, not with every request"

    async def test_a_revoked_preset_key_stays_revoked_when_the_server_starts_again(
        self, start_api: Callable[..., Any]
    ) -> None:
        first: Api = await start_api()
        account = await first.services.accounts.ensure()
        (row,) = await first.services.keys.list(account.id)
        await first.services.keys.revoke(account.id, row.id)
        with capture_logs() as lines:
            second: Api = await start_api()
        assert (await second.get("/v2/replicas")).status_code == 401
        assert "stays so" in next(line["reason"] for line in lines if line["event"] == "keys.preset_revoked")
        assert TEST_KEY not in str(lines)

    async def test_keys_are_stored_as_digests(self, api: Api) -> None:
        from sqlalchemy import text

        async with api.services.database.read() as session:
            rows = (await session.execute(text("SELECT * FROM api_keys"))).all()
        assert TEST_KEY not in str(rows)

    async def test_an_allow_list_is_enforced_for_both_families(self, api: Api) -> None:
        account = await api.services.accounts.ensure()
        for allowed, address, status in (
            (["127.0.0.0/8"], "127.0.0.1", 200),
            (["10.0.0.0/8", "::1"], "::1", 200),
            (["10.0.0.0/8"], "127.0.0.1", 403),
            (["2001:db8::/32"], "2001:db8:1::5", 200),
            (["203.0.113.7"], "::ffff:203.0.113.7", 200),
            (["0.0.0.0/0"], "2001:db8::1", 403),
        ):
            _, key = await api.services.keys.create(account.id, "listed", allowed)
            transport = httpx.ASGITransport(api.app, client=(address, 5000))
            async with httpx.AsyncClient(
                transport=transport, base_url="http://t", headers={"x-api-key": key}
            ) as client:
                answer = await client.get("/v2/replicas")
            assert answer.status_code == status, (allowed, address)
            if status == 403:
                assert answer.json()["error"].startswith("This key may not be used from ")

    async def test_the_forwarded_address_counts_only_behind_a_trusted_proxy(
        self, start_api: Callable[..., Any]
    ) -> None:
        api: Api = await start_api(trusted_proxies="10.0.0.0/8, 127.0.0.1")
        account = await api.services.accounts.ensure()
        _, key = await api.services.keys.create(account.id, "listed", ["203.0.113.0/24"])
        for peer, forwarded, status in (
            ("127.0.0.1", "203.0.113.9", 200),
            ("127.0.0.1", "198.51.100.1, 203.0.113.9, 10.1.1.1", 200),
            ("127.0.0.1", "203.0.113.9, 198.51.100.1", 403),
            ("198.51.100.1", "203.0.113.9", 403),
            ("127.0.0.1", "203.0.113.9, nonsense", 403),
            ("127.0.0.1", "", 403),
        ):
            transport = httpx.ASGITransport(api.app, client=(peer, 5000))
            headers = {"x-api-key": key, "x-forwarded-for": forwarded}
            async with httpx.AsyncClient(transport=transport, base_url="http://t", headers=headers) as client:
                assert (await client.get("/v2/replicas")).status_code == status, (peer, forwarded)


class TestAccounts:
    async def test_no_endpoint_shows_or_changes_anything_of_another_account(self, api: Api) -> None:
        from tests.api.test_replicas import own_replica

        ids = {
            "persona": await api.persona(persona_name="Secret"),
            "replica": await own_replica(api),
            "conversation": await api.conversation(),
        }
        before = [(await api.get(f"/v2/{kind}s/{ids[kind]}")).json() for kind in ids]
        async with await api.account("stranger") as stranger:
            for method, template in ENDPOINTS:
                for path in aliases(template.format(**ids)):
                    body = [] if path.startswith(("/v2/pals/p", "/v2/personas/p")) else {"replica_name": "X"}
                    answer = await stranger.request(method, path, json=body)
                    if path.count("/") > 2 and "check-username" not in path:
                        assert answer.status_code == 400, (method, path)
                        assert answer.json()["error"].startswith("Invalid "), (method, path)
                    for value in ids.values():
                        assert value not in answer.text, (method, path)
            for body in ({"persona_id": ids["persona"]}, {"replica_id": ids["replica"]}):
                assert (await stranger.post("/v2/conversations", json=body)).status_code == 400
            mine = {"system_prompt": "x", "default_replica_id": ids["replica"]}
            assert (await stranger.post("/v2/personas", json=mine)).json() == {"error": "Invalid replica_uuid"}
        assert [(await api.get(f"/v2/{kind}s/{ids[kind]}")).json() for kind in ids] == before


class TestPortal:
    async def sign_in(self, api: Api) -> httpx.AsyncClient:
        client = api.anonymous()
        answer = await client.get(f"/sign-in?token={api.services.portal.new_token()}")
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        cookie = answer.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        return client

    async def test_the_session_counts_only_beside_the_portals_header(self, api: Api) -> None:
        client = await self.sign_in(api)
        assert (await client.get("/v2/personas")).status_code == 401
        assert (await client.get("/v2/personas", headers={"x-visavis-portal": "1"})).status_code == 200
        assert (await client.get("/portal/session")).json()["signed_in"] is True
        await client.post("/portal/sign-out")
        assert (await client.get("/portal/session")).json()["signed_in"] is False
        await client.aclose()

    async def test_a_link_works_again_and_survives_as_a_session_but_not_when_wrong(self, api: Api) -> None:
        token = api.services.portal.new_token()
        async with api.anonymous() as client:
            assert (await client.get(f"/sign-in?token={token}")).status_code == 303
            assert (await client.get(f"/sign-in?token={token}")).status_code == 303
            for wrong in ("", "x", token + "x"):
                answer = await client.get("/sign-in", params={"token": wrong})
                assert answer.status_code == 403
                assert "not valid any more" in answer.json()["error"]

    async def test_the_link_works_only_on_this_machine_unless_the_operator_says_so(
        self, start_api: Callable[..., Any]
    ) -> None:
        for remote, status in ((False, 403), (True, 303)):
            api: Api = await start_api(remote_sign_in=remote)
            transport = httpx.ASGITransport(api.app, client=("192.0.2.1", 5000))
            async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
                answer = await client.get(f"/sign-in?token={api.services.portal.new_token()}")
            assert answer.status_code == status

    async def test_a_caller_that_a_proxy_brings_is_not_on_this_machine(self, start_api: Callable[..., Any]) -> None:
        for trusted, headers, status in (
            ("", {}, 303),
            ("", {"x-forwarded-for": "203.0.113.9"}, 403),
            ("", {"x-forwarded-for": "127.0.0.1"}, 403),
            ("", {"forwarded": "for=203.0.113.9"}, 403),
            ("", {"x-real-ip": "203.0.113.9"}, 403),
            ("127.0.0.1", {"x-forwarded-for": "203.0.113.9"}, 403),
            ("127.0.0.1", {"x-forwarded-for": "127.0.0.1, 203.0.113.9"}, 403),
            ("127.0.0.1", {"x-forwarded-for": "127.0.0.1"}, 303),
            ("127.0.0.1", {"forwarded": "for=203.0.113.9"}, 403),
        ):
            api: Api = await start_api(trusted_proxies=trusted)
            async with api.anonymous(**headers) as client:
                answer = await client.get(f"/sign-in?token={api.services.portal.new_token()}")
            assert answer.status_code == status, (trusted, headers)

    async def test_a_forged_or_expired_session_is_refused(self, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
        client = await self.sign_in(api)
        session = client.cookies["visavis_session"]
        account, expires, signature = session.split(".")
        for forged in (
            f"acct_other.{expires}.{signature}",
            f"{account}.{int(expires) + 1}.{signature}",
            "x",
            "\u00e9.1.x",
        ):
            cookie = f"visavis_session={forged}".encode("latin-1")
            headers = [(b"cookie", cookie), (b"x-visavis-portal", b"1")]
            async with api.anonymous() as guest:
                assert (await guest.get("/v2/personas", headers=headers)).status_code == 401, forged
        monkeypatch.setattr("visavis.api.portal.service.time.time", lambda: float(expires) + 1)
        assert (await client.get("/v2/personas", headers={"x-visavis-portal": "1"})).status_code == 401
        await client.aclose()

    async def test_keys_are_managed_from_the_portal_and_shown_once(self, api: Api) -> None:
        client = await self.sign_in(api)
        client.headers["x-visavis-portal"] = "1"
        made = (await client.post("/portal/keys", json={"name": "ci", "allow_ips": ["127.0.0.1"]})).json()
        assert made["key"].startswith("vv_")
        listed = await client.get("/portal/keys")
        assert made["key"] not in listed.text
        assert made["key_id"] in {item["key_id"] for item in listed.json()["data"]}
        async with api.anonymous(**{"x-api-key": made["key"]}) as user:
            assert (await user.get("/v2/personas")).status_code == 200
            assert (await client.delete(f"/portal/keys/{made['key_id']}")).status_code == 204
            assert (await user.get("/v2/personas")).status_code == 401
        for body, sentence in (
            ({"name": " "}, "name must have"),
            ({"name": "x", "allow_ips": ["10.0.0.0/99"]}, "allow_ips: '10.0.0.0/99' is not an address or CIDR"),
        ):
            answer = await client.post("/portal/keys", json=body)
            assert answer.status_code == 400
            assert answer.json()["error"].startswith(sentence)
        assert (await client.get("/portal/webhook-secret")).json()["secret"].startswith("whsec_")
        await client.aclose()

    async def test_an_api_key_manages_no_keys_and_reads_no_secret(self, api: Api) -> None:
        account = await api.services.accounts.ensure()
        row, key = await api.services.keys.create(account.id, "listed", ["127.0.0.1"])
        client = await self.sign_in(api)
        client.headers.update({"x-visavis-portal": "1", "x-api-key": key})
        for method, path in (
            ("GET", "/portal/keys"),
            ("POST", "/portal/keys"),
            ("DELETE", f"/portal/keys/{row.id}"),
            ("GET", "/portal/webhook-secret"),
        ):
            for holder in (api.client, client):
                answer = await holder.request(method, path, json={"name": "unlimited"})
                assert answer.status_code == 403, (method, path)
                assert answer.json()["error"].startswith("This is for people who signed in to the portal")
        assert "unlimited" not in {item.name for item in await api.services.keys.list(account.id)}
        await client.aclose()
