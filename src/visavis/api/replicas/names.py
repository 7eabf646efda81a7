"""The names of a replica's fields, old and new."""

from __future__ import annotations

from visavis.api.kit.names import Names

REPLICA = Names(
    aliases={
        "replica_id": ("face_id",),
        "replica_name": ("face_name",),
        "replica_type": ("face_type",),
    }
)
