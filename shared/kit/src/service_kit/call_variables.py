"""`{{name}}` in the texts of a voice agent: the speech provider fills it when a call begins."""

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from service_kit.errors import FieldError, InvalidError

CALL_VARIABLES: Final[Mapping[str, str]] = MappingProxyType({"lead_id": "unknown"})
"""What a call may bring, each with what stands there when it does not."""
_VARIABLE: Final = re.compile(r"\{\{([^{}]*)\}\}")
_SYSTEM: Final = "system__"
"""The provider itself gives a value to names that begin so."""


class UnknownVariableError(InvalidError):
    """A text of the persona has a variable that no call gives a value."""

    slug = "voice-variable-unknown"


def find_variables(texts: Iterable[str]) -> list[str]:
    """Return the names that need a value of ours."""
    names = {name.strip() for text in texts for name in _VARIABLE.findall(text)}
    return sorted(name for name in names if not name.startswith(_SYSTEM))


def require_known_variables(texts: Mapping[str, str]) -> None:
    """Return if every variable in texts, by the name of their place, gets a value in a call.

    Raises:
        UnknownVariableError: naming each that does not, and its place.
    """
    errors = list[FieldError]()
    known = ", ".join(f"{{{{{name}}}}}" for name in CALL_VARIABLES)
    for place, text in texts.items():
        unknown = [name for name in find_variables([text]) if name not in CALL_VARIABLES]
        if unknown:
            named = ", ".join(f"{{{{{name}}}}}" for name in unknown)
            errors.append(FieldError(place, f"no call gives a value for {named}: use {known}"))
    if errors:
        message = "; ".join(f"{error.field}: {error.message}" for error in errors)
        raise UnknownVariableError(message, errors=errors)
