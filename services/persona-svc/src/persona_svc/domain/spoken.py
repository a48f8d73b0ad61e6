"""A persona that talks: what may stand in the texts that its voice agent is given."""

from typing import Final

from service_kit.call_variables import require_known_variables

from persona_svc.domain.compiled import CompiledPersona

SPOKEN: Final = ("persona_name", "tone", "goals", "service_description", "content")
"""The texts of the system prompt; a greeting has other tokens."""


def require_speakable(persona: CompiledPersona) -> None:
    """Return if a persona that has a voice agent can be one, with all that it inherits.

    Raises:
        UnknownVariableError: a text has a `{{name}}` that no call fills; a call would not begin.
    """
    if persona.voice is None or not persona.voice.enabled:
        return
    texts = {field: getattr(persona, field) or "" for field in SPOKEN}
    require_known_variables({f"{field} of {persona.name}": text for field, text in texts.items()})
