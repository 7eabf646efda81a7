"""What the fake server's API holds, in the shapes of the contract."""

from __future__ import annotations

from typing import Any

REPLICAS = [
    {
        "replica_id": f"r{number}",
        "replica_name": name,
        "status": "completed",
        # Another host name than the page's: the portal must stay on its own.
        "thumbnail_image_url": f"http://cvi.example/files/replicas/r{number}/thumbnail.jpg",
    }
    for number, name in enumerate(("Anna", "Nathan"), 1)
]
PERSONAS: list[dict[str, Any]] = [
    {
        "persona_id": "p1",
        "persona_name": "Anna",
        "persona_type": "system",
        "default_replica_id": "r1",
        "system_prompt": "You are Anna, a warm companion. Keep it short.",
    },
    {
        "persona_id": "p2",
        "persona_name": "Support desk",
        "persona_type": "user",
        "default_replica_id": "r2",
        "system_prompt": "You answer questions about orders.",
    },
]
CONVERSATIONS: list[dict[str, Any]] = [
    {
        "conversation_id": "c1",
        "conversation_name": "Talk with Anna",
        "conversation_url": "http://cvi.example/c/c1",
        "status": "active",
        "persona_id": "p1",
        "replica_id": "r1",
        "created_at": "2026-11-21T06:12:00Z",
    },
    {
        "conversation_id": "c2",
        "conversation_name": "Yesterday's interview",
        "conversation_url": "http://cvi.example/c/c2",
        "status": "ended",
        "persona_id": "p2",
        "replica_id": "r2",
        "created_at": "2026-11-20T06:12:00Z",
    },
]
DETAIL = {
    **CONVERSATIONS[1],
    "shutdown_reason": "participant_left_timeout",
    "transcript": [
        {"role": "assistant", "content": "Hello!", "seconds_from_start": 0.4},
        {"role": "user", "content": "Where is my order?", "seconds_from_start": 65.2},
    ],
    "events": [{"event_type": "system.replica_joined", "timestamp": "2026-11-20T06:12:01Z"}],
    "turns": [
        {"turn_idx": 1, "hops": {"silence_noticed": 0.2, "turn_decided": 0.3, "first_sound": 0.61, "first_frame": 0.7}},
        {"turn_idx": 2, "hops": {"silence_noticed": 0.2, "turn_decided": 0.35, "first_sound": 0.7, "first_frame": 0.9}},
    ],
}
KEYS = [
    {"key_id": "k1", "name": "My laptop", "hint": "x7Qa", "allow_ips": [], "created_at": "2026-11-20T10:00:00Z"},
]


def api() -> dict[str, Any]:
    """Answers of `FakeServer.api`."""
    return {
        "GET /v2/personas": {"data": PERSONAS, "total_count": 2},
        "GET /v2/replicas": {"data": REPLICAS, "total_count": 2},
        "GET /v2/conversations": {"data": CONVERSATIONS, "total_count": 2},
        "GET /v2/conversations/c2": DETAIL,
        "GET /portal/keys": {"data": KEYS, "total_count": 1},
    }
