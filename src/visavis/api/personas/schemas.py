"""A persona's document: types, ranges and coercions. Unknown fields are kept, so that newer clients lose nothing."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, field_validator

from visavis.api.kit.fields import Document, Ids, IdText, Name, Number, ShortText, Text, Whole
from visavis.engines import registry

# The contract's engine names, of all generations.
TTS_ENGINES = ("cartesia", "elevenlabs", "azure", "playht")
STT_ENGINES = (
    "tavus-auto",
    "tavus-turbo",
    "tavus-advanced",
    "tavus-parakeet",
    "tavus-soniox",
    "tavus-whisper",
    "tavus-deepgram-medical",
)


def _one_of(kind: registry.Kind, contract: tuple[str, ...], name: str) -> str:
    local = tuple(name for spec in registry.engines(kind) for name in spec.names)
    known = dict.fromkeys((*contract, "auto", *local))
    if name.lower() not in known:
        raise ValueError(f"must be one of {', '.join(known)}")
    return name.lower()


def _tool(value: dict[str, Any]) -> dict[str, Any]:
    if value.get("type", "function") == "function" and "function" in value:
        function = value["function"]
        if not isinstance(function, dict) or not isinstance(function.get("name"), str) or not function["name"].strip():
            raise ValueError("must have a function with a name")
        if not isinstance(function.get("parameters", {}), dict | None):
            raise ValueError("must have an object (a JSON schema) as function.parameters")
    return value


def _joined(value: Any) -> Any:
    """A list of words, as some SDKs send it, is the contract's string."""
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ", ".join(value)
    return value


def _speed(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError("must be a number or a word such as normal")
    if isinstance(value, int | float) and not -1 <= value <= 5:
        raise ValueError("must be between -1 and 5")
    return value


Tools = Annotated[list[Annotated[dict[str, Any], AfterValidator(_tool)]], Field(max_length=100)]
Queries = Annotated[list[ShortText], Field(max_length=100)]
Headers = dict[str, Annotated[str, Field(max_length=10_000)]]
TtsEngine = Annotated[str, AfterValidator(lambda name: _one_of("tts", TTS_ENGINES, name))]
SttEngine = Annotated[str, AfterValidator(lambda name: _one_of("stt", STT_ENGINES, name))]
Sensitivity = Literal["superlow", "verylow", "low", "medium", "high", "auto"]


class ExtraBody(Document):
    temperature: Annotated[Number, Field(ge=0, le=2)] | None = None
    top_p: Annotated[Number, Field(ge=0, le=1)] | None = None


class LlmLayer(Document):
    model: Name | None = Field(None, examples=["tavus-gpt-oss"])
    base_url: Annotated[str, Field(max_length=2_000)] | None = None
    api_key: ShortText | None = None
    speculative_inference: bool | None = None
    tools: Tools | None = None
    headers: Headers | None = None
    extra_body: ExtraBody | None = None
    default_query: dict[str, Any] | None = None
    disable_vision: bool | None = None


class VoiceSettings(Document):
    speed: Annotated[str | float, BeforeValidator(_speed)] | None = None
    stability: Annotated[Number, Field(ge=0, le=1)] | None = None
    similarity_boost: Annotated[Number, Field(ge=0, le=1)] | None = None
    style: Annotated[Number, Field(ge=0, le=1)] | None = None
    use_speaker_boost: bool | None = None


class TtsLayer(Document):
    tts_engine: TtsEngine | None = None
    external_voice_id: Name | None = None
    voice_id: Name | None = None
    api_key: ShortText | None = None
    playht_user_id: Name | None = None
    tts_model_name: Name | None = None
    tts_emotion_control: bool | None = None
    voice_settings: VoiceSettings | None = None
    pronunciation_dictionary_id: IdText | None = None


class SttLayer(Document):
    stt_engine: SttEngine | None = None
    hotwords: Annotated[ShortText, BeforeValidator(_joined)] | None = None
    participant_pause_sensitivity: Sensitivity | None = None
    participant_interrupt_sensitivity: Sensitivity | None = None
    smart_turn_detection: bool | None = None
    api_key: ShortText | None = None


class FlowLayer(Document):
    turn_detection_model: Literal["sparrow-2", "sparrow-1", "sparrow-0", "timebased", "time-based"] | None = None
    turn_taking_patience: Literal["low", "medium", "high"] | None = None
    replica_interruptibility: Literal["none", "verylow", "low", "medium", "high"] | None = None
    voice_isolation: Literal["near", "off"] | None = None
    noise_cancellation: Name | None = None
    wake_phrase: Name | None = None
    sleep_phrase: Name | None = None
    idle_engagement: Literal["off", "patient", "eager"] | None = None
    turn_commitment: Literal["low", "medium", "high"] | None = None
    active_listening: Literal["off", "low", "medium", "high"] | None = None


class PerceptionLayer(Document):
    perception_model: Literal["raven-1", "raven-0", "basic", "off"] | None = None
    visual_awareness_queries: Queries | None = None
    visual_tool_prompt: ShortText | None = None
    visual_tools: Tools | None = None
    audio_awareness_queries: Queries | None = None
    audio_tool_prompt: ShortText | None = None
    audio_tools: Tools | None = None
    perception_analysis_queries: Queries | None = None
    emotion_recognition: Literal["full", "limited", "auto"] | None = None


class TransportLayer(Document):
    transport_type: Literal["livekit", "daily", "webrtc"] | None = None


class ConferencingLayer(Document):
    username: Name | None = None
    allowlist: Annotated[list[Name], Field(max_length=1000)] | None = None
    whitelabel: bool | None = None


class CapabilitiesLayer(Document):
    mcp_enabled: bool | None = None
    search_enabled: bool | None = None
    activity_log_enabled: bool | None = None
    search_results_prompt_injection_prevention_enabled: bool | None = None


class KnowledgeLayer(Document):
    rag_score_threshold: Number | None = None
    rag_n_chunks: Whole | None = None
    rag_surrounding_chunk_radius: Whole | None = None
    enable_rag_observability_app_messages: bool | None = None
    use_procedure_goalchain: bool | None = None


class VqaLayer(Document):
    enable_vision: bool | None = None


class Layers(Document):
    llm: LlmLayer | None = None
    tts: TtsLayer | None = None
    stt: SttLayer | None = None
    conversational_flow: FlowLayer | None = None
    perception: PerceptionLayer | None = None
    transport: TransportLayer | None = None
    conferencing: ConferencingLayer | None = None
    capabilities: CapabilitiesLayer | None = None
    knowledge_base: KnowledgeLayer | None = None
    vqa: VqaLayer | None = None
    sts: dict[str, Any] | None = None


class PersonaDocument(Document):
    """A persona in canonical names. Every newer name of a field (pal_name, default_face_id …) is accepted as well."""

    persona_name: Name | None = Field(None, description="Display name in the call.", examples=["Interviewer"])
    system_prompt: Text | None = Field(
        None,
        description="Required unless pipeline_mode is echo or speech-to-speech.",
        examples=["You interview people."],
    )
    pipeline_mode: Literal["full", "echo", "speech-to-speech"] | None = None
    context: Text | None = Field(None, description="Older place for background; appended to the system prompt.")
    default_replica_id: IdText | None = Field(None, examples=["r90bbd427f71"])
    greeting: ShortText | None = None
    document_ids: Ids | None = None
    document_tags: Ids | None = None
    objectives_id: IdText | None = None
    guardrail_ids: Ids | None = None
    guardrail_tags: Ids | None = None
    guardrails_id: IdText | None = None
    tool_ids: Ids | None = None
    skills: dict[str, Any] | None = None
    memories: Annotated[list[Name], Field(max_length=50)] | None = None
    languages: Annotated[list[Annotated[str, Field(max_length=35)]], Field(max_length=50)] | None = None
    disclosure_type: Literal["always", "auto", "off"] | None = None
    persona_description: Text | None = None
    is_template: bool | None = None
    layers: Layers | None = None

    @field_validator("persona_name")
    @classmethod
    def _named(cls, value: str | None) -> str | None:
        if value is not None and not value.strip():
            raise ValueError("must not be blank")
        return value
