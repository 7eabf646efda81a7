"""Every setting of the program, on one page.

Each value comes from the environment as `VISAVIS_<NAME>` (or a `.env` file beside the program), or keeps the default
given here. Command line flags of `visavis serve` win over both.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="VISAVIS_", env_file=".env", extra="ignore")

    # Where it listens, and how others reach it
    host: str = Field("127.0.0.1", description="Address to listen on. Beyond loopback, read docs/production.md first.")
    port: int = Field(8420, ge=0, le=65535, description="TCP port of the API, the portal and the rooms.")
    public_url: str = Field("", description="Origin that people use, e.g. https://cvi.example.com. Default: host:port.")
    trusted_proxies: str = Field(
        "", description="Comma-separated CIDRs whose X-Forwarded-For is believed when checking a key's IP allow-list."
    )
    remote_sign_in: bool = Field(
        False, description="Let the sign-in link of the portal work from other machines than this one."
    )

    # What it keeps
    data: Path = Field(Path("data"), description="Folder for the database, files, secrets and models.")
    database_url: str = Field("", description="SQLAlchemy URL, postgresql+psycopg://… ; default: SQLite under `data`.")
    secret_key: SecretStr = Field(
        SecretStr(""), description="Encrypts provider keys at rest; default: created in `data` on first run."
    )
    bootstrap_api_key: SecretStr = Field(
        SecretStr(""), description="If set, this API key exists from the first start (scripts, containers)."
    )
    models: Path = Field(Path(), description="Folder for model files; default: `data`/models, then ./.models.")

    # Calls
    max_concurrent_calls: int = Field(4, ge=1, description="Calls one account may have at once; more get the 400.")
    max_call_duration: int = Field(3600, ge=1, description="Longest call, seconds; larger requests are capped.")
    default_replica_id: str = Field(
        "r90bbd427f71", description="Replica for conversations and stock personas that name none."
    )
    default_persona_id: str = Field("p48fdf065d6b", description="Persona for conversations that name none.")
    map_unknown_replicas: bool = Field(
        False, description="Use the default replica where an example names a hosted stock replica that is not here."
    )
    video_size: str = Field("512x512", pattern=r"^\d+x\d+$", description="Picture sent in a call, width x height.")
    video_fps: int = Field(25, ge=10, le=30, description="Pictures per second in a call.")
    video_bitrate: int = Field(1_000_000, ge=100_000, description="Bits per second of the picture.")
    ice_servers: str = Field(
        "[]", description='JSON list of STUN/TURN servers as browsers take them: [{"urls": "stun:…"}].'
    )

    # Engines; `auto` takes the best one that is ready
    stt_engine: str = Field("auto", description="Speech to text where a persona's engine is not available.")
    tts_engine: str = Field("auto", description="Text to speech where a persona's engine is not available.")
    llm_base_url: str = Field("", description="OpenAI-compatible base URL for personas without one.")
    llm_api_key: SecretStr = Field(SecretStr(""), description="Key for `llm_base_url`.")
    llm_model: str = Field("", description="Model at `llm_base_url`; default: the first one it lists.")
    llm_probe: bool = Field(True, description="Look for a local model server (Ollama, LM Studio, llama.cpp, vLLM).")
    llm_timeout: float = Field(20.0, gt=0, description="Seconds without a token before a model counts as stalled.")

    # Outgoing requests
    allow_private_urls: bool = Field(
        False, description="Let callbacks and models live on private addresses. Loopback is allowed while `host` is."
    )
    webhook_timeout: float = Field(10.0, gt=0, description="Seconds a webhook receiver may take.")
    webhook_attempts: int = Field(8, ge=1, description="Deliveries tried, with growing pauses, before giving up.")

    # Logs
    log_format: str = Field("auto", pattern="^(auto|console|json)$", description="`auto`: console on a terminal.")
    log_level: str = Field("info", pattern="^(debug|info|warning|error)$", description="Least important level shown.")

    @property
    def origin(self) -> str:
        """How links to this server begin."""
        if self.public_url:
            return self.public_url.rstrip("/")
        host = "127.0.0.1" if self.host in ("0.0.0.0", "::", "") else self.host  # noqa: S104
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    @property
    def frame_size(self) -> tuple[int, int]:
        width, height = self.video_size.split("x")
        return int(width), int(height)


@cache
def get_settings() -> Settings:
    """The settings of this process."""
    return Settings()
