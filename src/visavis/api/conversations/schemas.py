"""The body of `POST /v2/conversations`: types, ranges and older shapes. Unknown fields are kept."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from visavis.api.kit.fields import Document, Ids, IdText, Name, ShortText, Text, Whole
from visavis.conversation.languages import LANGUAGES, MULTILINGUAL

_KEY_TEMPLATE = re.compile(r"[0-9A-Za-z./_{}-]{1,512}")
_TOKENS = ("{conversation_id}", "{epoch_ms}")


def _language(value: str) -> str:
    name = value.strip().lower()
    code = re.split(r"[-_]", name)[0]
    if name in LANGUAGES or name == MULTILINGUAL or code in LANGUAGES.values():
        return name
    raise ValueError("must be a language of the contract, by English name or code (english, en, de …), or multilingual")


def _key(value: str) -> str:
    plain = value
    for token in _TOKENS:
        plain = plain.replace(token, "")
    if not _KEY_TEMPLATE.fullmatch(value) or "{" in plain or "}" in plain:
        raise ValueError(
            "may hold letters, digits, . / _ - and the tokens {conversation_id} and {epoch_ms}, 512 characters at most"
        )
    if value.startswith("/") or "//" in value or ".." in value:
        raise ValueError("must not begin with / nor hold // or ..")
    return value


Language = Annotated[str, Field(max_length=64), AfterValidator(_language)]
Seconds = Whole


class RecordingStorage(Document):
    provider: Literal["s3", "gcs", "azure_blob"]
    bucket_name: Name | None = None
    bucket_region: Name | None = None
    assume_role_arn: Name | None = None
    external_id: Name | None = None
    project_id: Name | None = None
    workload_identity_provider: Name | None = None
    service_account_email: Name | None = None
    storage_account: Name | None = None
    container: Name | None = None
    tenant_id: Name | None = None
    client_id: Name | None = None
    key_template: Annotated[str, AfterValidator(_key)] | None = None

    @model_validator(mode="after")
    def _complete(self) -> RecordingStorage:
        needed = {"s3": ("bucket_name",), "gcs": ("bucket_name",), "azure_blob": ("storage_account", "container")}
        missing = [name for name in needed[self.provider] if not getattr(self, name)]
        if missing:
            raise ValueError(f"needs {' and '.join(missing)} for {self.provider}")
        return self


class ConversationProperties(Document):
    max_call_duration: Annotated[Seconds, Field(ge=1)] | None = None
    participant_left_timeout: Seconds | None = None
    participant_absent_timeout: Seconds | None = None
    enable_recording: bool | None = None
    enable_closed_captions: bool | None = None
    enable_transcription: bool | None = None
    apply_greenscreen: bool | None = None
    language: Language | None = None
    languages: Annotated[list[Language], Field(max_length=50)] | None = None
    require_auth: bool | None = None
    recording_s3_bucket_name: Name | None = None
    recording_s3_bucket_region: Name | None = None
    aws_assume_role_arn: Name | None = None
    recording_storage: RecordingStorage | None = None
    livekit_ws_url: ShortText | None = None
    livekit_room_token: ShortText | None = None
    enable_background_blur: bool | None = None


class ConversationCreate(Document):
    replica_id: IdText | None = Field(None, examples=["r90bbd427f71"])
    persona_id: IdText | None = Field(None, examples=["pdac61133ac5"])
    conversation_name: Name | None = None
    conversational_context: Text | None = None
    custom_greeting: ShortText | None = None
    enable_dynamic_greeting: bool | None = None
    callback_url: Annotated[str, Field(max_length=4_000)] | None = None
    audio_only: bool | None = None
    test_mode: bool | None = None
    require_auth: bool | None = None
    max_participants: Annotated[Whole, Field(ge=2)] | None = None
    memory_stores: Ids | None = None
    participant_tags: Ids | None = None
    document_ids: Ids | None = None
    document_tags: Ids | None = None
    document_retrieval_strategy: Literal["speed", "balanced", "quality"] | None = None
    objectives_id: IdText | None = None
    policy: Literal["eu"] | None = None
    meeting_url: Annotated[str, Field(max_length=4_000)] | None = None
    chat: bool | None = None
    properties: ConversationProperties | None = None


_PROPERTIES = frozenset(ConversationProperties.model_fields) - {"require_auth"}


def lowered(body: dict[str, Any]) -> dict[str, Any]:
    """The body with properties that older SDKs put at its top level where they belong."""
    moved = {key: body[key] for key in body.keys() & _PROPERTIES}
    properties = body.get("properties")
    if not moved or not isinstance(properties, dict | None):
        return body
    rest = {key: value for key, value in body.items() if key not in moved}
    return {**rest, "properties": {**moved, **(properties or {})}}
