"""What ElevenLabs answers, as far as we read it; what it leaves out is what it uses by default."""

from typing import Any

from pydantic import BaseModel, Field

from voice_svc.domain.agent_spec import (
    TOOL_SECRET_HEADER,
    AgentSpec,
    AgentVoice,
    ListedTool,
    ToolSpec,
)
from voice_svc.domain.speech import Voice


class _Prompt(BaseModel):
    prompt: str = ""
    llm: str = ""
    temperature: float = 0.0
    tool_ids: list[str] = Field(default_factory=list)


class _DynamicVariables(BaseModel):
    dynamic_variable_placeholders: dict[str, Any] = Field(default_factory=dict)


class _Spoken(BaseModel):
    first_message: str = ""
    language: str = "en"
    dynamic_variables: _DynamicVariables = _DynamicVariables()
    prompt: _Prompt = _Prompt()


class _Tts(BaseModel):
    voice_id: str = ""
    stability: float = 0.5
    similarity_boost: float = 0.8
    speed: float = 1.0


class _Turn(BaseModel):
    turn_timeout: float = 7.0


class _Conversation(BaseModel):
    max_duration_seconds: int = 600


class _Config(BaseModel):
    agent: _Spoken = _Spoken()
    tts: _Tts = _Tts()
    turn: _Turn = _Turn()
    conversation: _Conversation = _Conversation()


class _Privacy(BaseModel):
    record_voice: bool = True
    retention_days: int = -1


class _Webhooks(BaseModel):
    post_call_webhook_id: str | None = None


class _Overrides(BaseModel):
    webhooks: _Webhooks = _Webhooks()


class _Platform(BaseModel):
    privacy: _Privacy = _Privacy()
    workspace_overrides: _Overrides = _Overrides()


class AgentAnswer(BaseModel):
    """An agent."""

    name: str = ""
    tags: list[str] = Field(default_factory=list)
    conversation_config: _Config
    platform_settings: _Platform = _Platform()

    def spec(self) -> AgentSpec:
        """Return what we set of it."""
        config, platform = self.conversation_config, self.platform_settings
        variables = config.agent.dynamic_variables.dynamic_variable_placeholders
        return AgentSpec(
            name=self.name,
            tags=tuple(self.tags),
            prompt=config.agent.prompt.prompt,
            first_message=config.agent.first_message,
            language=config.agent.language,
            llm=config.agent.prompt.llm,
            temperature=config.agent.prompt.temperature,
            voice=AgentVoice(**config.tts.model_dump()),
            tool_ids=tuple(config.agent.prompt.tool_ids),
            dynamic_variables={name: str(value) for name, value in variables.items()},
            turn_timeout_seconds=config.turn.turn_timeout,
            max_duration_seconds=config.conversation.max_duration_seconds,
            retention_days=platform.privacy.retention_days,
            record_voice=platform.privacy.record_voice,
            post_call_webhook_id=platform.workspace_overrides.webhooks.post_call_webhook_id,
        )


class _ApiSchema(BaseModel):
    url: str = ""
    request_headers: dict[str, Any] = Field(default_factory=dict)


class _ToolConfig(BaseModel):
    name: str = ""
    description: str = ""
    response_timeout_secs: int = 20
    api_schema: _ApiSchema = _ApiSchema()


class ToolAnswer(BaseModel):
    """A tool; one that posts nowhere has an empty URL."""

    id: str
    tool_config: _ToolConfig

    def listed(self) -> ListedTool:
        """Return it as we know tools."""
        config = self.tool_config
        match config.api_schema.request_headers.get(TOOL_SECRET_HEADER):
            case {"secret_id": str(secret_id)}:
                pass
            case _:
                secret_id = ""
        return ListedTool(
            tool_id=self.id,
            spec=ToolSpec(
                name=config.name,
                description=config.description,
                url=config.api_schema.url,
                secret_id=secret_id,
                response_timeout_seconds=config.response_timeout_secs,
            ),
        )


class VoiceAnswer(BaseModel):
    """A voice; `preview_url` is the vendor's own sample."""

    voice_id: str
    name: str = ""
    category: str | None = None
    labels: dict[str, str] = Field(default_factory=dict)
    description: str | None = None
    preview_url: str | None = None

    def voice(self) -> Voice:
        """Return it as we know voices."""
        label = self.labels.get
        return Voice(
            voice_id=self.voice_id,
            name=self.name,
            category=self.category,
            gender=label("gender"),
            accent=label("accent"),
            age=label("age"),
            language=label("language"),
            description=self.description,
            has_sample=self.preview_url is not None,
        )
