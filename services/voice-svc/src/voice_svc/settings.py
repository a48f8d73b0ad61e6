"""What voice-svc adds to the common settings."""

from collections.abc import Sequence

from pydantic import AliasChoices, Field, SecretStr
from service_kit.settings import ServiceSettings, own_variables

ELEVENLABS_URL = "https://api.elevenlabs.io"


class VoiceSettings(ServiceSettings):
    """The speech vendor, and how agents are kept in step."""

    model_config = own_variables("voice")
    http_port: int = 8105
    elevenlabs_api_key: SecretStr | None = Field(
        default=None,
        validation_alias=AliasChoices("DRAMATIS_VOICE_ELEVENLABS_API_KEY", "ELEVENLABS_API_KEY"),
    )
    """Without one there are no agents and no speech; `/readyz` says so."""
    elevenlabs_base_url: str = ELEVENLABS_URL
    elevenlabs_fake: bool = False
    """Whether the vendor is the project's stand-in for tests; refused in production."""
    default_voice_id: str = "EXAVITQu4vr4xnSDxMaL"
    """The voice of a persona that names none."""
    agent_llm: str = "gemini-2.0-flash"
    """The vendor's language model for the agent of a persona that names none."""
    post_call_webhook_id: str | None = None
    """The vendor's id of the webhook that tells of ended calls."""
    public_url: str = "http://127.0.0.1:8105"
    """Where the vendor reaches this service: agents call their tool there."""
    connect_timeout_seconds: float = Field(default=2, gt=0, le=60)
    vendor_timeout_seconds: float = Field(default=20, gt=0, le=600)
    """For a whole call to the vendor, but speech that is being streamed."""
    agent_concurrency: int = Field(default=5, ge=1, le=100)
    """Agents that a process works on at the same time."""
    settle_seconds: float = Field(default=1, ge=0, le=60)
    """An edit waits so long for further ones, ten times that at most: they go out as one."""
    resync_seconds: float = Field(default=900, gt=0)
    """How often an agent is compared with what the vendor has, give or take a tenth."""
    retry_delays_seconds: tuple[float, ...] = (1, 2, 5, 15, 30, 60, 120)
    """Between attempts at an agent when the vendor is busy or away, each up to twice as long."""

    webhook_secret: SecretStr | None = None
    """What the provider signs its post-call webhooks with; without it none is taken."""
    webhook_window_seconds: float = Field(default=1_800, gt=0)
    """How much older, or newer, than now a signature may be."""
    answer_timeout_seconds: float = Field(default=1.5, gt=0, le=2)
    """How long an agent's question may be looked up: then it is told that there is no answer."""
    answer_cache_bytes: int = Field(default=32 * 1024 * 1024, ge=0)
    """Memory for answers that were given, in each process."""
    speech_concurrency: int = Field(default=5, ge=1, le=200)
    """Texts that a process says at the same time, until the vendor says how many it allows."""
    speech_wait_seconds: float = Field(default=10, gt=0, le=60)
    """How long a text waits for its turn, and for a busy vendor."""
    persona_characters_per_month: int = Field(default=100_000, ge=0)
    """What a persona may speak in a month (UTC)."""
    workspace_characters_per_month: int = Field(default=1_000_000, ge=0)
    """What the personas and previews of a workspace may speak together."""
    audio_cache_bytes: int = Field(default=256 * 1024 * 1024, ge=0)
    """Of audio that is kept up to 24 hours to be heard again, encrypted, in the database."""
    audio_key: SecretStr | None = Field(default=None, min_length=32)
    """Encrypts it; without one each process keeps its own, until it ends."""

    @property
    def stand_ins(self) -> Sequence[str]:
        """The fake vendor."""
        return ("elevenlabs:fake",) if self.elevenlabs_fake else ()

    @property
    def not_configured(self) -> Sequence[str]:
        """Voice, without a key."""
        return ("voice",) if self.elevenlabs_api_key is None else ()
