"""What uses a persona, asked before it is deleted: `rpc.persona.impact.v1.<service>`.

The question travels over core NATS; each service answers in a queue group of its short name.
"""

from uuid import UUID

from pydantic import Field

from persona_contracts.event import Document
from persona_contracts.types import Count, SubjectId, Text

PERSONA_IMPACT_SUBJECT = "rpc.persona.impact.v1"
PERSONA_IMPACT_TIMEOUT_SECONDS = 1.0
MAX_USE_NAMES = 10


class PersonaImpactV1(Document):
    """Ask a service what would be touched if this persona were deleted."""

    workspace_id: SubjectId
    persona_id: UUID


class PersonaUse(Document):
    """How many things of one kind use the persona, with the names of the first ten."""

    kind: Text
    """Plural, such as `sequences`; there may be new kinds."""
    count: Count
    names: list[Text] = Field(default_factory=list[Text], max_length=MAX_USE_NAMES)


class PersonaUsesV1(Document):
    """What uses the persona in one service; or `error` and no uses."""

    uses: list[PersonaUse] = Field(default_factory=list[PersonaUse])
    error: str | None = None


def impact_subject(service: str) -> str:
    """Return where `service`, by its short name such as `ingest`, is asked."""
    return f"{PERSONA_IMPACT_SUBJECT}.{service}"
