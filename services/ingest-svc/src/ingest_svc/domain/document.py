"""A file as people see it: its three states, and what more is said of each."""

from enum import StrEnum

from service_kit.errors import ConflictError, NotFoundError, UpstreamError


class FileStatus(StrEnum):
    """The three public states (C76); there is no percentage."""

    PROCESSING = "processing"
    READY = "ready"
    FAILED = "failed"


class Step(StrEnum):
    """What is being done to a file, or was done last."""

    WAITING = "waiting"
    FETCHING = "fetching"
    EXTRACTING = "extracting"
    INDEXING = "indexing"
    REMOVING = "removing"
    DONE = "done"


class VectorState(StrEnum):
    """Whether a file can be found by meaning as well as by its words."""

    PENDING = "pending"
    COMPLETE = "complete"
    FAILED = "failed"
    OFF = "off"
    """No embedder is set."""


class UnknownFileError(NotFoundError):
    """File not found."""

    slug = "file-not-found"


class PersonaNotFoundError(NotFoundError):
    """There is no such persona in this workspace."""

    slug = "persona-not-found"


class FileBusyError(ConflictError):
    """The file is being processed."""

    slug = "file-busy"


class PersonasUnknownError(UpstreamError):
    """The personas are not known yet; try again in a moment."""

    slug = "personas-unknown"
