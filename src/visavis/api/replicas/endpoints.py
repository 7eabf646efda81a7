"""`/v2/replicas` and, over the same objects, `/v2/faces`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from fastapi.responses import FileResponse

from visavis.api.deps import AccountId, ServicesDep
from visavis.api.kit.body import JsonObject
from visavis.api.kit.docs import request_body
from visavis.api.kit.errors import Invalid
from visavis.api.kit.paging import PageQuery, listing
from visavis.api.replicas.repository import Filter
from visavis.api.replicas.schemas import ReplicaCreate, ReplicaRename

router = APIRouter()
files = APIRouter()

OwnerQuery = Annotated[Literal["user", "system"] | None, Query(description="Own ones, or the stock ones.")]
IdsQuery = Annotated[str, Query(max_length=10_000, description="Comma-separated ids.")]


@router.post("", summary="Train a replica", openapi_extra=request_body(ReplicaCreate))
async def create_replica(body: JsonObject, account_id: AccountId, services: ServicesDep) -> None:  # noqa: ARG001
    await services.replicas.create(body)


@router.get("", summary="List replicas")
async def list_replicas(
    page: PageQuery,
    account_id: AccountId,
    services: ServicesDep,
    replica_type: OwnerQuery = None,
    face_type: OwnerQuery = None,
    replica_ids: IdsQuery = "",
    face_ids: IdsQuery = "",
    model_name: Annotated[str, Query(max_length=64)] = "",
    verbose: bool = False,
) -> dict[str, Any]:
    wanted = [item.strip() for item in (replica_ids or face_ids).split(",") if item.strip()]
    if len(wanted) > 200:
        raise Invalid("replica_ids may name at most 200 replicas.")
    rows, total = await services.replicas.list(
        account_id, page, Filter(replica_type or face_type, wanted, model_name or None)
    )
    return listing([services.replicas.present(row, whole=False, verbose=verbose) for row in rows], total)


@router.get("/{replica_id}", summary="Get a replica")
async def get_replica(
    replica_id: str, account_id: AccountId, services: ServicesDep, verbose: bool = False
) -> dict[str, Any]:
    replica = await services.replicas.get(account_id, replica_id)
    return services.replicas.present(replica, whole=True, verbose=verbose)


@router.patch(
    "/{replica_id}/name", status_code=204, summary="Rename a replica", openapi_extra=request_body(ReplicaRename)
)
async def rename_replica(replica_id: str, body: JsonObject, account_id: AccountId, services: ServicesDep) -> Response:
    await services.replicas.rename(account_id, replica_id, body)
    return Response(status_code=204)


@router.patch("/{replica_id}", summary="Change a replica", openapi_extra=request_body(ReplicaRename))
async def patch_replica(
    replica_id: str, body: JsonObject, account_id: AccountId, services: ServicesDep
) -> dict[str, Any]:
    """JSON Merge Patch of the name."""
    if "default_voice_id" in body:
        raise Invalid("default_voice_id cannot be changed in this version; a persona's layers.tts names a voice.")
    replica = await services.replicas.rename(account_id, replica_id, body)
    shown = services.replicas.present(replica, whole=True, verbose=False)
    names = ("face_id", "face_name", "replica_id", "replica_name", "default_voice_id", "original_voice_id")
    return {name: shown[name] for name in names}


@router.delete("/{replica_id}", status_code=204, summary="Delete a replica")
async def delete_replica(replica_id: str, account_id: AccountId, services: ServicesDep, hard: bool = False) -> Response:
    await services.replicas.delete(account_id, replica_id, hard=hard)
    return Response(status_code=204)


@files.get("/files/replicas/{replica_id}/thumbnail.jpg", include_in_schema=False)
async def replica_thumbnail(replica_id: str, services: ServicesDep) -> FileResponse:
    return FileResponse(
        await services.replicas.thumbnail(replica_id), headers={"cache-control": "public, max-age=3600"}
    )
