"""Why a Roster cannot answer."""


class RosterNotReadyError(Exception):
    """The Roster has never been complete; nothing is known, which is not the same as "none"."""


class ForkedError(RosterNotReadyError):
    """The Roster was started by the parent of this process, and follows nothing here."""


class UnknownWorkspaceError(Exception):
    """The Roster was limited to other workspaces."""
