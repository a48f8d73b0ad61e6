"""What stands between a stored version of a prompt and its use: another admin, or a test."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final, Self
from uuid import UUID

from service_kit.errors import ConflictError, ForbiddenError, NotFoundError

KEY_SUBJECT: Final = "key:"
"""How the subject of an API key begins."""


class ApprovalRequiredError(ConflictError):
    """Another admin must approve this prompt."""

    slug = "prompt-approval-required"


class SelfApprovalError(ForbiddenError):
    """The author of a prompt does not approve it."""

    slug = "prompt-self-approval"


class GateRequiredError(ConflictError):
    """The prompt must pass the persona's gate."""

    slug = "prompt-gate-required"


class GateNotFoundError(NotFoundError):
    """The version stands before no gate."""

    slug = "prompt-gate-not-found"


class GateClosedError(ConflictError):
    """The gate is decided already, or its deadline is over."""

    slug = "prompt-gate-closed"


class GateState(StrEnum):
    """How far a version is."""

    WAITING = "waiting"
    PASSED = "passed"
    FAILED = "failed"
    OVERRIDDEN = "overridden"


class GateOutcome(StrEnum):
    """What a gate is decided to be."""

    PASSED = "passed"
    FAILED = "failed"
    OVERRIDDEN = "overridden"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """One try of a version to pass."""

    gate_id: int
    version_id: UUID
    state: GateState
    deadline: datetime
    decided_by: str | None = None
    decided_at: datetime | None = None
    why: str | None = None

    def state_at(self, now: datetime) -> GateState:
        """Return the state; one that still waits at its deadline has failed."""
        late = self.state is GateState.WAITING and now >= self.deadline
        return GateState.FAILED if late else self.state

    def decided(self, outcome: GateOutcome, *, by: str, at: datetime, why: str | None) -> Self:
        """Return the gate as it was decided.

        Raises:
            GateClosedError: it is decided; one that has failed can be overridden alone.
        """
        now = self.state_at(at)
        open_to = {GateState.WAITING: set(GateOutcome), GateState.FAILED: {GateOutcome.OVERRIDDEN}}
        if outcome not in open_to.get(now, set()):
            raise GateClosedError(f"the gate is {now} since {self.decided_at or self.deadline}")
        return replace(self, state=GateState(outcome.value), decided_by=by, decided_at=at, why=why)
