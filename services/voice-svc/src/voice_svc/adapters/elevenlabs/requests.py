"""What we send to ElevenLabs: it takes unknown fields without a word, so these models do not."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from voice_svc.domain.agent_spec import TOOL_SECRET_HEADER, AgentSpec, ToolSpec
from voice_svc.domain.speech import Utterance

ENGLISH_MODEL = "eleven_flash_v2"
OTHER_MODEL = "eleven_flash_v2_5"
"""Agents that speak English need a v2 model, all others v2_5 (ElevenLabs' documentation)."""
SPEECH_MODEL = "eleven_flash_v2_5"

Share = Annotated[float, Field(ge=0, le=1)]
Speed = Annotated[float, Field(ge=0.7, le=1.2)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    def body(self) -> dict[str, Any]:
        """Return the JSON document."""
        return self.model_dump(mode="json", exclude_none=True)


class _SecretHeader(_Strict):
    secret_id: str


class _Property(_Strict):
    type: Literal["string"] = "string"
    description: str | None = None
    dynamic_variable: str | None = None


class _ToolBody(_Strict):
    type: Literal["object"] = "object"
    required: list[str]
    properties: dict[str, _Property]


class _ApiSchema(_Strict):
    url: str
    method: Literal["POST"] = "POST"
    request_headers: dict[str, _SecretHeader]
    request_body_schema: _ToolBody


class _ToolConfig(_Strict):
    type: Literal["webhook"] = "webhook"
    name: Annotated[str, Field(pattern=r"^[a-zA-Z0-9_-]{1,64}$")]
    description: str
    response_timeout_secs: Annotated[int, Field(ge=5, le=300)]
    api_schema: _ApiSchema


class ToolRequest(_Strict):
    """A tool that posts the question to us, with the number of the conversation."""

    tool_config: _ToolConfig

    @classmethod
    def of(cls, spec: ToolSpec) -> "ToolRequest":
        """Return the request that makes or replaces `spec`."""
        properties = {
            "query": _Property(description="The question, as the caller asked it."),
            "conversation_id": _Property(dynamic_variable="system__conversation_id"),
        }
        return cls(
            tool_config=_ToolConfig(
                name=spec.name,
                description=spec.description,
                response_timeout_secs=spec.response_timeout_seconds,
                api_schema=_ApiSchema(
                    url=spec.url,
                    request_headers={TOOL_SECRET_HEADER: _SecretHeader(secret_id=spec.secret_id)},
                    request_body_schema=_ToolBody(required=["query"], properties=properties),
                ),
            )
        )


class _Prompt(_Strict):
    prompt: str
    llm: str
    temperature: Annotated[float, Field(ge=0, le=2)]
    tool_ids: list[str]


class _DynamicVariables(_Strict):
    dynamic_variable_placeholders: dict[str, str]


class _Spoken(_Strict):
    first_message: str
    language: Annotated[str, Field(min_length=2, max_length=5)]
    dynamic_variables: _DynamicVariables
    prompt: _Prompt


class _AgentVoice(_Strict):
    voice_id: Annotated[str, Field(min_length=1)]
    model_id: str
    stability: Share
    similarity_boost: Share
    speed: Speed


class _Turn(_Strict):
    turn_timeout: float


class _Conversation(_Strict):
    max_duration_seconds: int


class _ConversationConfig(_Strict):
    agent: _Spoken
    tts: _AgentVoice
    turn: _Turn
    conversation: _Conversation


class _Auth(_Strict):
    enable_auth: Literal[True] = True


class _Privacy(_Strict):
    record_voice: bool
    retention_days: int


class _Webhooks(_Strict):
    post_call_webhook_id: str | None
    events: list[Literal["transcript"]]


class _Overrides(_Strict):
    webhooks: _Webhooks


class _Platform(_Strict):
    auth: _Auth
    privacy: _Privacy
    workspace_overrides: _Overrides


class AgentRequest(_Strict):
    """All of an agent that we set; the same to make one and to change one."""

    name: str
    tags: list[str]
    conversation_config: _ConversationConfig
    platform_settings: _Platform

    @classmethod
    def of(cls, spec: AgentSpec) -> "AgentRequest":
        """Return the request that makes an agent of `spec`."""
        return cls(
            name=spec.name,
            tags=list(spec.tags),
            conversation_config=_ConversationConfig(
                agent=_spoken(spec),
                tts=_agent_voice(spec),
                turn=_Turn(turn_timeout=spec.turn_timeout_seconds),
                conversation=_Conversation(max_duration_seconds=spec.max_duration_seconds),
            ),
            platform_settings=_platform(spec),
        )

    def body(self) -> dict[str, Any]:
        """Return the JSON document: what is None removes what an agent had."""
        return self.model_dump(mode="json")


class _VoiceSettings(_Strict):
    stability: Share | None
    similarity_boost: Share | None
    style: Share | None
    speed: Speed | None
    use_speaker_boost: bool | None


class SpeechRequest(_Strict):
    """A text to be said; the voice stands in the address."""

    text: Annotated[str, Field(min_length=1)]
    model_id: str
    language_code: str | None
    voice_settings: _VoiceSettings | None

    @classmethod
    def of(cls, utterance: Utterance) -> "SpeechRequest":
        """Return the request that says `utterance`."""
        settings = _VoiceSettings(
            stability=utterance.stability,
            similarity_boost=utterance.similarity_boost,
            style=utterance.style,
            speed=utterance.speed,
            use_speaker_boost=utterance.use_speaker_boost,
        )
        model = utterance.model or SPEECH_MODEL
        return cls(
            text=utterance.text,
            model_id=model,
            # The multilingual models refuse it (ElevenLabs' documentation).
            language_code=utterance.language if model.endswith("_v2_5") else None,
            voice_settings=settings if settings.body() else None,
        )


def _spoken(spec: AgentSpec) -> _Spoken:
    return _Spoken(
        first_message=spec.first_message,
        language=spec.language,
        dynamic_variables=_DynamicVariables(
            dynamic_variable_placeholders=dict(spec.dynamic_variables)
        ),
        prompt=_Prompt(
            prompt=spec.prompt,
            llm=spec.llm,
            temperature=spec.temperature,
            tool_ids=list(spec.tool_ids),
        ),
    )


def _agent_voice(spec: AgentSpec) -> _AgentVoice:
    return _AgentVoice(
        voice_id=spec.voice.voice_id,
        model_id=ENGLISH_MODEL if spec.language == "en" else OTHER_MODEL,
        stability=spec.voice.stability,
        similarity_boost=spec.voice.similarity_boost,
        speed=spec.voice.speed,
    )


def _platform(spec: AgentSpec) -> _Platform:
    webhooks = _Webhooks(
        post_call_webhook_id=spec.post_call_webhook_id,
        events=["transcript"] if spec.post_call_webhook_id else [],
    )
    return _Platform(
        auth=_Auth(),
        privacy=_Privacy(record_voice=spec.record_voice, retention_days=spec.retention_days),
        workspace_overrides=_Overrides(webhooks=webhooks),
    )
