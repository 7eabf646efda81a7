"""The names of a conversation's fields, old and new."""

from __future__ import annotations

from visavis.api.kit.names import Names

CONVERSATION = Names(
    aliases={
        "replica_id": ("face_id",),
        "persona_id": ("pal_id",),
        "enable_dynamic_greeting": ("dynamic_greeting",),
    }
)
"""For requests and answers. `dynamic_greeting` never appears in an answer, since the request is not given back."""
