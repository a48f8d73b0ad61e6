"""The personas of a company in memory: `Roster` follows them, `Roster.resolve` chooses one."""

from persona_client.address import AddressError, NatsAddress
from persona_client.answer import Freshness, Resolution
from persona_client.changes import Change
from persona_client.errors import ForkedError, RosterNotReadyError, UnknownWorkspaceError
from persona_client.resolution import (
    Choice,
    FieldSource,
    Skipped,
    SkipReason,
    WorkspaceView,
    resolve_in,
)
from persona_client.roster import Roster
from persona_client.sync_roster import SyncRoster

__all__ = [
    "AddressError",
    "Change",
    "Choice",
    "FieldSource",
    "ForkedError",
    "Freshness",
    "NatsAddress",
    "Resolution",
    "Roster",
    "RosterNotReadyError",
    "SkipReason",
    "Skipped",
    "SyncRoster",
    "UnknownWorkspaceError",
    "WorkspaceView",
    "resolve_in",
]
