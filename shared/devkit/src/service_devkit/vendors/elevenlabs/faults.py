"""What the stand-in does wrong on command."""

import random
from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

EVERY = "*"


class Fault(BaseModel):
    """A fault of one operation, such as `POST /v1/convai/agents/create`, or of every one.

    `kind`: answer `status`; never answer (`hang`); close after half of the answer (`half`). With
    `after` the operation is carried out first: its caller cannot know. Audio breaks off, or hangs,
    in its middle then.
    """

    model_config = ConfigDict(extra="forbid")

    operation: str = EVERY
    kind: Literal["status", "hang", "half"] = "status"
    after: bool = False
    status: int = 500
    code: str = "internal_error"
    """What stands in `detail.status`."""
    message: str = "Something went wrong."
    retry_after_seconds: float | None = None
    times: int | None = Field(default=None, ge=1)
    """None: again and again."""
    share: float = Field(default=1.0, gt=0, le=1)
    """Of the calls, by chance."""

    def answer(self) -> tuple[int, Mapping[str, str], dict[str, object]]:
        """Return status, headers and body of the error."""
        wait = self.retry_after_seconds
        headers = {} if wait is None else {"retry-after": f"{wait:g}"}
        detail = {"status": self.code, "message": self.message}
        return self.status, headers, {"detail": detail}


class Faults:
    """The faults that are still to come."""

    def __init__(self) -> None:
        self._random = random.Random(7)  # noqa: S311 — the same chances in every run
        self._left: list[tuple[Fault, int | None]] = []

    def set(self, faults: list[Fault]) -> None:
        """Replace all."""
        self._left = [(fault, fault.times) for fault in faults]

    def take(self, operation: str) -> Fault | None:
        """Return the fault of this call, if it has one."""
        for number, (fault, left) in enumerate(self._left):
            if fault.operation not in {EVERY, operation} or left == 0:
                continue
            if self._random.random() < fault.share:
                self._left[number] = (fault, None if left is None else left - 1)
                return fault
        return None
