"""The names of a persona's fields, old and new."""

from __future__ import annotations

from visavis.api.kit.names import Names

PERSONA = Names(
    aliases={
        "persona_id": ("pal_id",),
        "persona_name": ("pal_name",),
        "persona_type": ("pal_type",),
        "persona_description": ("pal_description",),
        "default_replica_id": ("default_face_id",),
    },
    children={
        "layers": Names(
            children={
                "conversational_flow": Names(
                    aliases={"replica_interruptibility": ("pal_interruptibility", "face_interruptibility")}
                ),
                "perception": Names(
                    aliases={
                        "visual_awareness_queries": ("ambient_awareness_queries",),
                        "visual_tool_prompt": ("perception_tool_prompt", "tool_prompt"),
                        "visual_tools": ("perception_tools",),
                    }
                ),
            }
        )
    },
)
