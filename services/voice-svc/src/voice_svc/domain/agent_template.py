"""What every agent has besides its persona; a change of it raises TEMPLATE_VERSION (C136)."""

from collections.abc import Iterable, Mapping
from typing import Final
from uuid import UUID

from service_kit.call_variables import (
    CALL_VARIABLES,
    find_variables,
    require_known_variables,
)
from service_kit.templates import GREETING_TOKENS, Placeholder, Token, parse

from voice_svc.domain.agent_tool import TOOL_NAME

TEMPLATE_VERSION: Final = 1
TOOL_DESCRIPTION: Final = (
    "Searches the documents of this persona. Call it before you answer any question about the"
    " company, its products, prices, terms or people, with the question in whole words."
)
TOOL_SECONDS: Final = 10
TURN_SECONDS: Final = 7.0
CALL_SECONDS: Final = 600
RETENTION_DAYS: Final = 30
TEMPERATURE: Final = 0.3
MAX_TEMPERATURE: Final = 1.0
"""The upper end of the vendors' scale; a persona's goes to 2."""
LANGUAGE: Final = "en"
_RULES: Final = f"""\
# How you speak

You are on a call. Speak in one to three short sentences at a time, without lists, symbols or
Markdown, and let the other one talk. Say numbers and dates as people say them.

# What you know

For anything about the company, its products, prices, terms or people, call the tool
{TOOL_NAME} first, and answer from what it returns; name the document and the page.
If it returns nothing, say that your documents do not tell, and do not guess."""
_PERSONA_TAG: Final = "persona:"


def persona_tag(persona_id: UUID) -> str:
    """Return the tag by which a persona's agent is found again."""
    return f"{_PERSONA_TAG}{persona_id}"


def persona_of_tags(tags: Iterable[str]) -> UUID | None:
    """Return whose agent it is; None: it has no tag of ours."""
    for tag in tags:
        if tag.startswith(_PERSONA_TAG):
            try:
                return UUID(tag.removeprefix(_PERSONA_TAG))
            except ValueError:
                continue
    return None


def workspace_tag(workspace_id: str) -> str:
    """Return the tag of all agents of a workspace."""
    return f"workspace:{workspace_id}"


def secret_name(persona_id: UUID) -> str:
    """Return the name by which the secret of a persona's tool is found again."""
    return f"dramatis {persona_id}"


def tool_url(public_url: str, persona_id: UUID) -> str:
    """Return where the agent of a persona asks for knowledge."""
    return f"{public_url.rstrip('/')}/elevenlabs/function-call/{persona_id}"


def agent_prompt(system_prompt: str) -> str:
    """Return what the agent is told: who it is, and how it speaks and looks things up."""
    return f"{system_prompt.rstrip()}\n\n{_RULES}"


def first_message(greeting: str | None, sender: str, language: str) -> str:
    """Return what the agent says first; nothing: it waits for the other one.

    Of a lead nothing is known: a token has its default, or is left out with the space before it.
    """
    if greeting is None:
        return f"Hello, this is {sender}. How can I help you?" if language == LANGUAGE else ""
    spoken = ""
    for piece in parse(greeting, GREETING_TOKENS):
        words = _words(piece, sender)
        spoken = spoken + words if words else spoken.rstrip()
    return spoken.strip()


def language_of(tag: str | None) -> str:
    """Return the language of a BCP 47 tag, without its region."""
    return LANGUAGE if tag is None else tag.partition("-")[0].lower()


def placeholders_of(texts: Mapping[str, str]) -> dict[str, str]:
    """Return a value for each `{{name}}` in texts, by the name of their place.

    Raises:
        UnknownVariableError: naming each variable without one.
    """
    require_known_variables(texts)
    return {name: CALL_VARIABLES[name] for name in find_variables(texts.values())}


def _words(piece: str | Token | Placeholder, sender: str) -> str:
    match piece:
        case str():
            return piece
        case Token(name="senderName"):
            return sender
        case Token():
            return piece.default or ""
        case Placeholder():
            return ""
