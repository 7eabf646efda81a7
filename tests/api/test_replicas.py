"""Replicas over HTTP, in both vocabularies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import text

from tests.conftest import Api
from visavis.db.models import Replica

STOCK = {"r90bbd427f71", "rfe12d8b9597", "rf4e9d9790f0", "r79e1c033f"}


async def own_replica(api: Api, replica_id: str = "r0123456789a", status: str = "completed") -> str:
    """Put a replica of the first account into the tables, as a later version's training will."""
    account = await api.services.accounts.ensure()
    async with api.services.database.write() as session:
        session.add(
            Replica(
                id=replica_id, account_id=account.id, name="Mine", model_name="phoenix-4", status=status, progress=37
            )
        )
    return replica_id


class TestList:
    async def test_a_fresh_server_has_stock_replicas_in_both_vocabularies(self, api: Api) -> None:
        for path, kind, key in (("/v2/replicas", "replica_type", "replica_id"), ("/v2/faces/", "face_type", "face_id")):
            answer = (await api.get(f"{path}?limit=25&{kind}=system&verbose=true")).json()
            assert {item[key] for item in answer["data"]} == STOCK
            item = answer["data"][0]
            assert item["replica_id"] == item["face_id"]
            assert item["replica_name"] == item["face_name"]
            assert item["replica_type"] == item["face_type"] == "system"
            assert (item["status"], item["training_progress"]) == ("completed", "100/100")
            assert item["default_voice_id"] is None

    async def test_filters(self, api: Api) -> None:
        mine = await own_replica(api)
        for query, expected in (
            ("", STOCK | {mine}),
            ("replica_type=user", {mine}),
            ("face_ids=r79e1c033f,%20rfe12d8b9597,r-unknown", {"r79e1c033f", "rfe12d8b9597"}),
            ("replica_ids=" + mine, {mine}),
            ("model_name=phoenix-4", {mine}),
        ):
            data = (await api.get(f"/v2/replicas?{query}")).json()["data"]
            assert {item["replica_id"] for item in data} == expected, query
            assert "replica_type" not in data[0]


class TestOne:
    async def test_get(self, api: Api) -> None:
        shown = (await api.get("/v2/faces/r90bbd427f71?verbose=true")).json()
        assert (shown["face_id"], shown["error_message"], shown["face_type"]) == ("r90bbd427f71", None, "system")
        assert shown["updated_at"].endswith("Z")

    async def test_unknown(self, api: Api) -> None:
        for method, path in (("GET", "/v2/replicas/r0"), ("DELETE", "/v2/faces/r0")):
            answer = await api.send(method, path)
            assert (answer.status_code, answer.json()) == (400, {"error": "Invalid replica_id"})

    async def test_rename_own_ones_under_either_name(self, api: Api) -> None:
        mine = await own_replica(api)
        assert (await api.patch(f"/v2/replicas/{mine}/name", {"replica_name": "Rio"})).status_code == 204
        assert (await api.get(f"/v2/replicas/{mine}")).json()["face_name"] == "Rio"
        assert (await api.patch(f"/v2/faces/{mine}/name", {"face_name": "Lima"})).status_code == 204
        answer = (await api.patch(f"/v2/faces/{mine}", {"face_name": "Oslo"})).json()
        assert (answer["face_name"], answer["default_voice_id"]) == ("Oslo", None)
        for body in ({}, {"replica_name": " "}, {"replica_name": 5}):
            assert (await api.patch(f"/v2/replicas/{mine}/name", body)).status_code == 400

    async def test_stock_ones_stay_as_they_are(self, api: Api) -> None:
        rename = await api.patch("/v2/replicas/r90bbd427f71/name", {"replica_name": "X"})
        for answer in (rename, await api.delete("/v2/replicas/r90bbd427f71?hard=true")):
            assert answer.status_code == 403
            assert "stock replica" in answer.json()["error"]

    async def test_a_deleted_replica_cannot_be_used(self, api: Api) -> None:
        mine = await own_replica(api)
        assert (await api.delete(f"/v2/replicas/{mine}")).status_code == 204
        assert (await api.post("/v2/conversations", {"replica_id": mine})).json() == {"error": "Invalid replica_id"}
        assert (await api.get("/v2/replicas?replica_type=user")).json()["total_count"] == 0

    async def test_a_hard_delete_removes_files_and_row(self, api: Api) -> None:
        mine = await own_replica(api)
        folder = api.settings.data / "replicas" / mine
        folder.mkdir(parents=True)
        async with api.services.database.write() as session:
            await session.execute(
                text("UPDATE replicas SET bundle = :b WHERE id = :i"), {"b": f"replicas/{mine}", "i": mine}
            )
        assert (await api.delete(f"/v2/replicas/{mine}?hard=true")).status_code == 204
        assert not folder.exists()

    async def test_a_replica_in_training_cannot_talk(self, api: Api) -> None:
        mine = await own_replica(api, status="started")
        answer = await api.post("/v2/conversations", {"replica_id": mine})
        assert answer.status_code == 400
        assert "is not ready; its status is started" in answer.json()["error"]


class TestTraining:
    async def test_what_is_wrong_comes_before_what_is_missing_here(self, api: Api) -> None:
        video = {"train_video_url": "https://example.com/a.mp4"}
        image = {"train_image_url": "https://example.com/a.jpg"}
        for body, status, sentence in (
            ({}, 400, "Either train_video_url or train_image_url must be provided."),
            ({**video, **image}, 400, "Only one of train_video_url and train_image_url"),
            (image, 400, "train_image_url needs a voice"),
            ({**video, "replica_name": 3}, 400, "replica_name must be a string."),
            (video, 501, "This version does not train replicas yet"),
            ({**image, "voice_name": "anna"}, 501, "This version does not train replicas yet"),
        ):
            answer = await api.post("/v2/replicas", body)
            assert answer.status_code == status, body
            assert answer.json()["error"].startswith(sentence)


async def test_every_stock_replica_has_a_picture_that_anyone_may_see(api: Api) -> None:
    for replica_id in STOCK:
        link = (await api.get(f"/v2/replicas/{replica_id}")).json()["thumbnail_image_url"]
        async with api.anonymous() as guest:
            picture = await guest.get(link.removeprefix(api.settings.origin))
        assert picture.status_code == 200
        assert picture.headers["content-type"] == "image/jpeg"
        assert picture.content[:2] == b"\xff\xd8"


async def test_the_operator_may_let_unknown_ids_stand_for_the_default(start_api: Callable[..., Any]) -> None:
    api: Api = await start_api(map_unknown_replicas=True)
    created = await api.post("/v2/personas", {"system_prompt": "x", "default_replica_id": "rc8992fe8e8e"})
    assert created.status_code == 200
