"""A conversation as a text to keep."""

from collections.abc import Sequence

from chat_svc.domain.conversation import Conversation
from chat_svc.domain.message import Message


def title_of(conversation: Conversation) -> str:
    """Return the first line of a conversation as Markdown."""
    return f"# {conversation.title or 'Conversation'}\n"


def transcript(messages: Sequence[Message]) -> str:
    """Return messages as Markdown: who wrote what, with the sources of answers."""
    parts: list[str] = []
    for message in messages:
        if message.kind == "persona_switch":
            parts.append("*Another persona answers from here on.*")
            continue
        by = message.resolution or {}
        who = "You" if message.role == "user" else by.get("persona_name") or "The company"
        sources = [f"[{each.number}] {each}" for each in message.citations]
        parts += [f"## {who}", message.content, *(["  \n".join(sources)] if sources else [])]
    return "".join(f"\n{part}\n" for part in parts if part)
