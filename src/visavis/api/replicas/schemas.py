"""Request bodies of replicas."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from visavis.api.kit.fields import Document, Name

Url = Annotated[str, Field(max_length=4_000)]


class ReplicaProperties(Document):
    background_green_screen: bool | None = None


class ReplicaCreate(Document):
    train_video_url: Url | None = None
    train_image_url: Url | None = None
    consent_video_url: Url | None = None
    train_audio_url: Url | None = None
    voice_name: Name | None = None
    default_voice_id: Name | None = None
    auto_fix_training_image: bool | None = None
    replica_name: Name | None = None
    replica_type: Literal["personal", "non_human"] | None = None
    callback_url: Url | None = None
    model_name: Name | None = None
    properties: ReplicaProperties | None = None


class ReplicaRename(Document):
    replica_name: Annotated[str, Field(min_length=1, max_length=255)] = Field(examples=["Rio"])
