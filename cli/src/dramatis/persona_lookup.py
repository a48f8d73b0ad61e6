"""Finds a persona by what people call it."""

from typing import Any
from uuid import UUID

from dramatis.errors import CliError
from dramatis.rest import Rest
from dramatis.target import RestTarget


def persona_id_of(target: RestTarget, persona: str) -> str:
    """Return the id; only a name has to be looked up, at persona-svc."""
    try:
        return str(UUID(persona))
    except ValueError:
        with target.rest("persona") as personas:
            return str(find_persona(personas, persona)["persona_id"])


def find_persona(personas: Rest, persona: str) -> dict[str, Any]:
    """Return the stored persona with this id or name.

    Raises:
        CliError: there is none, or persona-svc does not answer.
    """
    for document in personas.items("/api/personas"):
        if not document["virtual"] and persona in {document["persona_id"], document["name"]}:
            return document
    raise CliError(f"There is no persona {persona!r} here.", "See `dramatis personas list`.")


def find_deleted(personas: Rest, persona: str) -> dict[str, Any]:
    """Return the deleted persona with this id or name; of several, the one deleted last.

    Raises:
        CliError: there is none, or persona-svc does not answer.
    """
    found = [
        document
        for document in personas.items("/api/personas/deleted")
        if persona in {document["persona_id"], document["name"]}
    ]
    if not found:
        raise CliError(
            f"There is no deleted persona {persona!r} here.",
            "See `dramatis personas list --deleted`.",
        )
    return max(found, key=lambda document: document["deleted_at"])
