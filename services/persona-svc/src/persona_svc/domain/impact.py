"""What a deletion would touch."""

from dataclasses import dataclass
from uuid import UUID

MAX_NAMES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """How many things of one kind use the persona, with the names of the first ten."""

    kind: str
    count: int
    names: tuple[str, ...]


Uses = tuple[Use, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact:
    """Everything that uses a persona, and which services did not say."""

    persona_id: UUID
    is_default: bool
    uses: Uses
    unknown: tuple[str, ...]
