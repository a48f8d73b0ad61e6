"""Finds a sequence by what people call it."""

from typing import Any

from dramatis.errors import CliError
from dramatis.rest import Rest


def find_sequence(followups: Rest, sequence: str) -> dict[str, Any]:
    """Return the sequence with this id or name (upper or lower case).

    Raises:
        CliError: there is none, or followup-svc does not answer.
    """
    for document in followups.items("/api/sequences"):
        if sequence == document["sequence_id"] or sequence.lower() == document["name"].lower():
            return document
    raise CliError(f"There is no sequence {sequence!r} here.", "See `dramatis sequences list`.")
