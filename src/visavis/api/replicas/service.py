"""The rules of replicas."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from visavis.api.kit import fields, ids, paging, times
from visavis.api.kit.errors import Forbidden, Invalid, NotFound, NotImplementedHere
from visavis.api.replicas.names import REPLICA
from visavis.api.replicas.repository import Filter, ReplicaRepository, put_stock
from visavis.api.replicas.schemas import ReplicaCreate, ReplicaRename
from visavis.api.replicas.stock import MODEL_NAME, stock_replicas
from visavis.db.models import Replica, now
from visavis.db.session import Database
from visavis.settings import Settings


@dataclass(frozen=True, slots=True)
class CallReplica:
    """A replica as a call needs it; `path` is its bundle's folder."""

    replica_id: str
    name: str
    path: Path
    voice: str | None


class UnknownReplica(Invalid):
    def __init__(self) -> None:
        super().__init__("Invalid replica_id")


class ReplicaService:
    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._settings = settings
        self._stock = stock_replicas()

    async def seed(self) -> None:
        """Put the stock replicas in place."""
        async with self._database.write() as session:
            for stock in self._stock.values():
                replica = Replica(
                    id=stock.id,
                    account_id=None,
                    name=stock.name,
                    model_name=MODEL_NAME,
                    status="completed",
                    progress=100,
                    voice=stock.voice,
                )
                await put_stock(session, replica)

    async def get(self, account_id: str, replica_id: str) -> Replica:
        """Raises `UnknownReplica`."""
        async with self._database.read() as session:
            return await self._find(ReplicaRepository(session, account_id), replica_id)

    async def list(self, account_id: str, page: paging.Page, wanted: Filter) -> tuple[Sequence[Replica], int]:
        async with self._database.read() as session:
            return await ReplicaRepository(session, account_id).list(page, wanted)

    async def usable(self, account_id: str, replica_id: str, session: AsyncSession | None = None) -> bool:
        """May a persona name this replica? With the operator's consent also one that stands for another."""
        if self._settings.map_unknown_replicas:
            return True
        if session is None:
            async with self._database.read() as own:
                return await self.usable(account_id, replica_id, own)
        found = ids.well_formed(replica_id) and await ReplicaRepository(session, account_id).get(replica_id)
        return bool(found)

    async def for_call(self, account_id: str, replica_id: str) -> CallReplica:
        """The replica of a call that is about to start. Raises `UnknownReplica`, or `Invalid` when it is not ready."""
        try:
            replica = await self.get(account_id, replica_id)
        except UnknownReplica:
            if not self._settings.map_unknown_replicas or replica_id == self._settings.default_replica_id:
                raise
            replica = await self.get(account_id, self._settings.default_replica_id)
        if replica.status != "completed":
            raise Invalid(f"replica_id: {replica.name} is not ready; its status is {replica.status}.")
        return CallReplica(replica.id, replica.name, self._folder(replica), replica.voice)

    async def create(self, body: Mapping[str, Any]) -> None:
        """Refuse a training with what is wrong with it, or with the truth that there is no training yet."""
        request = fields.validate(ReplicaCreate, REPLICA.canonical(body))
        if not request.train_video_url and not request.train_image_url:
            raise Invalid("Either train_video_url or train_image_url must be provided.")
        if request.train_video_url and request.train_image_url:
            raise Invalid("Only one of train_video_url and train_image_url may be provided.")
        if request.train_image_url and bool(request.voice_name) == bool(request.default_voice_id):
            raise Invalid("train_image_url needs a voice: either voice_name or default_voice_id.")
        raise NotImplementedHere(
            "This version does not train replicas yet; use a stock replica from GET /v2/replicas?replica_type=system."
        )

    async def rename(self, account_id: str, replica_id: str, body: Mapping[str, Any]) -> Replica:
        """Raises `UnknownReplica`, `Forbidden`, `Invalid`."""
        request = fields.validate(ReplicaRename, REPLICA.canonical(body))
        if not request.replica_name.strip():
            raise Invalid("replica_name must not be blank.")
        async with self._database.write() as session:
            replica = await self._find_own(ReplicaRepository(session, account_id), replica_id)
            replica.name, replica.updated_at = request.replica_name, now()
            return replica

    async def delete(self, account_id: str, replica_id: str, *, hard: bool) -> None:
        """Raises `UnknownReplica`, `Forbidden`. A hard delete removes the files too, for good."""
        async with self._database.write() as session:
            repository = ReplicaRepository(session, account_id)
            replica = await self._find_own(repository, replica_id)
            if hard:
                await repository.delete(replica)
            else:
                replica.deleted_at = now()
        if hard and replica.bundle:
            await asyncio.to_thread(shutil.rmtree, self._settings.data / replica.bundle, ignore_errors=True)

    async def thumbnail(self, replica_id: str) -> Path:
        """The picture of a stock replica, which anybody may see. Raises `NotFound`."""
        stock = self._stock.get(replica_id)
        path = stock.path / "thumbnail.jpg" if stock and stock.path else None
        if path is not None and await asyncio.to_thread(path.is_file):
            return path
        raise NotFound("There is no picture of this replica.")

    def present(self, replica: Replica, *, whole: bool, verbose: bool) -> dict[str, Any]:
        """The replica as answers show it, in both vocabularies; `whole` is the single object, else a list's item."""
        picture = f"{self._settings.origin}/files/replicas/{replica.id}/thumbnail.jpg"
        shown: dict[str, Any] = {
            "replica_id": replica.id,
            "replica_name": replica.name,
            # There is no clip; the picture stands for both.
            "thumbnail_video_url": picture,
            "thumbnail_image_url": picture,
            "training_progress": f"{replica.progress}/100",
            "status": replica.status,
            "created_at": times.iso_milli(replica.created_at),
            "model_name": replica.model_name,
            "default_voice_id": None,
            "original_voice_id": None,
        }
        if whole:
            shown |= {"updated_at": times.iso_milli(replica.updated_at), "error_message": replica.error_message}
        if verbose:
            shown["replica_type"] = "system" if replica.account_id is None else "user"
        answer: dict[str, Any] = REPLICA.both(shown)
        return answer

    def _folder(self, replica: Replica) -> Path:
        stock = self._stock.get(replica.id)
        if stock and stock.path:
            return stock.path
        return self._settings.data / (replica.bundle or f"replicas/{replica.id}")

    async def _find(self, repository: ReplicaRepository, replica_id: str) -> Replica:
        replica = await repository.get(replica_id) if ids.well_formed(replica_id) else None
        if replica is None:
            raise UnknownReplica
        return replica

    async def _find_own(self, repository: ReplicaRepository, replica_id: str) -> Replica:
        replica = await self._find(repository, replica_id)
        if replica.account_id is None:
            raise Forbidden(f"{replica.name} is a stock replica and cannot be changed or deleted.")
        return replica
