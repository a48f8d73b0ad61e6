"""Greetings and signatures: what may stand in their braces is told when they are saved."""

from collections.abc import Mapping
from typing import Final

from service_kit.errors import InvalidError
from service_kit.templates import (
    GREETING_TOKENS,
    Placeholder,
    find_placeholders,
    parse,
)

from persona_svc.domain.checks import Checks

GREETINGS: Final = ("greeting", "sms_greeting", "ai_greeting", "ai_sms_greeting")
"""Of a persona, and of the workspace's settings."""
SIGNATURES: Final = ("signature", "ai_signature")
"""They are sent as they stand."""


def require_fillable(
    kind: type[InvalidError], new: Mapping[str, object], old: Mapping[str, object]
) -> None:
    """Return if every greeting of `new` that is another in `old` can be filled.

    Signatures hold nothing to be filled.

    Raises:
        InvalidError: of this `kind`, with the place of each thing that is no token.
    """
    checks = Checks()
    for field in GREETINGS:
        text = new.get(field)
        if isinstance(text, str) and text != old.get(field):
            for piece in parse(text, GREETING_TOKENS):
                if isinstance(piece, Placeholder):
                    place = f"{piece.text[:80]} at character {piece.position + 1:,}"
                    checks.refuse(field, f"has {place}, which is no token. {piece.hint}")
    for field in SIGNATURES:
        text = new.get(field)
        if isinstance(text, str) and text != old.get(field):
            for found in find_placeholders(text):
                place = f"{found.text[:80]} at character {found.position + 1:,}"
                checks.refuse(field, f"has {place}: nothing fills it, write what it stands for")
    checks.raise_as(kind)
