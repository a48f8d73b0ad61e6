"""Who speaks in a campaign of the CRM: in general, and on single channels."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

CHANNELS: Final = ("email", "sms", "linkedin")
GENERAL: Final = "any"
"""Stands for every channel that has no assignment of its own."""


def by_channel(assignments: Mapping[str, UUID]) -> dict[str, UUID]:
    """Return who is assigned on each channel, the general persona filled in, and kept as `any`."""
    general = assignments.get(GENERAL)
    filled = {} if general is None else dict.fromkeys(CHANNELS, general)
    return filled | dict(assignments)
