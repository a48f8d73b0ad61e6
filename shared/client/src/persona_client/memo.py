"""Choices remembered per question until a document of their workspace changes."""

from typing import Final
from uuid import UUID

from persona_client.resolution import Choice

LIMIT: Final = 100_000
"""Questions remembered at most, at about 0.5 KB each; over it, everything is forgotten."""

Question = tuple[str | None, UUID | None, str]
"""campaign_id, sequence_persona_id, channel."""


class Memo:
    """Remembered choices by workspace and question."""

    def __init__(self, limit: int = LIMIT) -> None:
        self.choices: dict[str, dict[Question, Choice]] = {}
        self._limit = limit
        self._count = 0

    def remember(self, workspace_id: str, question: Question, choice: Choice) -> None:
        """Keep `choice` for a question that has none yet."""
        if self._count >= self._limit:
            self.clear()
        self.choices.setdefault(workspace_id, {})[question] = choice
        self._count += 1

    def forget(self, workspace_id: str) -> None:
        """Drop the choices of one workspace."""
        self._count -= len(self.choices.pop(workspace_id, ()))

    def clear(self) -> None:
        """Drop everything."""
        self.choices.clear()
        self._count = 0
