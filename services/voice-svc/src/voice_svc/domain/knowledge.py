"""What a search of a persona's knowledge found."""

from dataclasses import dataclass

from voice_svc.domain.answer import PassageText


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """Passages, best first, and the revision of the knowledge that they are from."""

    passages: tuple[PassageText, ...]
    revision: int
