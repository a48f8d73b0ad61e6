"""The demo's chat: a question, another persona in the middle, and a prompt that is edited."""

from dataclasses import dataclass
from typing import Any

from dramatis.errors import CliError
from dramatis.rest import Rest

PRICE_QUESTION = "What does the plan Team cost per user and month?"
SWITCH_QUESTION = "And what does your company do?"
EDIT_QUESTION = "How many minutes does a demonstration take?"
PROMPT = "A demonstration takes twenty minutes, and shows routes of your own."


@dataclass(frozen=True, slots=True)
class Exchange:
    """What was asked, and what a persona answered."""

    question: str
    persona_name: str
    version: int
    model: str
    text: str
    citations: list[str]


class DemoChat:
    """One conversation, whoever answers in it."""

    def __init__(self, chat: Rest) -> None:
        self._chat = chat
        self._thread: dict[str, str] = {}

    def ask(self, persona: dict[str, Any], question: str) -> Exchange:
        """Return what this persona answers; whoever answered before is relieved.

        Raises:
            CliError: there is no answer.
        """
        path = f"/chat/{persona['persona_id']}"
        events = list(self._chat.events(path, {"message": question, **self._thread}))
        by_type = {event["type"]: event for event in events}
        if "finish" not in by_type:
            raise CliError(f"{persona['name']} gives no answer in the chat.")
        who = by_type["start"]["messageMetadata"]
        self._thread = {"thread_id": who["conversation_id"]}
        return Exchange(
            question=question,
            persona_name=who["persona_name"],
            version=who["version"],
            model=by_type["finish"]["messageMetadata"]["model"],
            text="".join(e["delta"] for e in events if e["type"] == "text-delta"),
            citations=[e["title"] for e in events if e["type"] == "source-document"],
        )


def edit_prompt(personas: Rest, persona: dict[str, Any]) -> None:
    """Add PROMPT to what a persona is told."""
    path = f"/api/personas/{persona['persona_id']}/prompts/system/main/versions"
    personas.send("POST", path, json={"content": PROMPT, "commit_message": "demonstrations"})
