"""What an agent, its tool and its secret are made of, whoever the provider is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

TOOL_SECRET_HEADER: Final = "X-Tool-Secret"  # noqa: S105 — the header's name
"""Where an agent's tool says its secret when it asks us."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentVoice:
    """How an agent sounds: stability and similarity 0 to 1, speed 0.7 to 1.2."""

    voice_id: str
    stability: float = 0.5
    similarity_boost: float = 0.8
    speed: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentSpec:
    """All that we set of an agent; it is found again by a tag, such as `persona:<id>`."""

    name: str
    tags: tuple[str, ...]
    prompt: str
    first_message: str
    language: str
    """ISO 639-1, such as `en`."""
    llm: str
    temperature: float
    voice: AgentVoice
    tool_ids: tuple[str, ...] = ()
    dynamic_variables: Mapping[str, str] = field(default_factory=dict[str, str])
    """A placeholder for each `{{name}}` in the prompt, first message and tool."""
    turn_timeout_seconds: float
    max_duration_seconds: int
    retention_days: int
    record_voice: bool = False
    post_call_webhook_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolSpec:
    """A tool that calls `url` with the question as `query`; its secret goes in a header."""

    name: str
    description: str
    url: str
    secret_id: str
    response_timeout_seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretSpec:
    """A value that the provider keeps; it never says it again."""

    name: str
    value: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedAgent:
    """An agent as the provider has it; `spec` has only what we set, read back."""

    agent_id: str
    spec: AgentSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedAgent:
    """An agent of the provider's list."""

    agent_id: str
    name: str
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedTool:
    """A tool of the provider's list; its URL says whose it is."""

    tool_id: str
    spec: ToolSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedSecret:
    """A secret of the provider's list."""

    secret_id: str
    name: str
