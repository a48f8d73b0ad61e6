"""A part of an answer that is being written."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """The words from a place on, in characters, of the run that writes them; `ended`: the last."""

    run: int
    start: int
    text: str
    ended: bool = False

    @property
    def end(self) -> int:
        """The place behind it."""
        return self.start + len(self.text)
