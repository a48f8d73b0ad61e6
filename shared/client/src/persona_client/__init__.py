"""The personas of a company in memory: `Roster` follows them, `Roster.resolve` chooses one."""

from persona_client.address import AddressError, NatsAddress
from persona_client.answer import Freshness, Resolution
from persona_client.errors import RosterNotReadyError, UnknownWorkspaceError
from persona_client.resolution import (
    Choice,
    FieldSource,
    Skipped,
    SkipReason,
    WorkspaceView,
    resolve_in,
)
from persona_client.roster import Roster

__all__ = [
    "AddressError",
    "Choice",
    "FieldSource",
    "Freshness",
    "NatsAddress",
    "Resolution",
    "Roster",
    "RosterNotReadyError",
    "SkipReason",
    "Skipped",
    "UnknownWorkspaceError",
    "WorkspaceView",
    "resolve_in",
]
