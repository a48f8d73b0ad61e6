"""Describe a failed draft to others."""

from dataclasses import asdict
from datetime import datetime

from persona_contracts import DraftError, DraftFailedV1

from draft_svc.domain.draft import Draft
from draft_svc.usecases.describe_draft import describe_draft


def describe_failure(draft: Draft, *, attempts: int, at: datetime) -> DraftFailedV1:
    """Return the event of a draft that failed.

    Raises:
        ValueError: it has not failed.
    """
    if draft.failure is None:
        raise ValueError(f"draft {draft.draft_id} has not failed")
    return DraftFailedV1(
        **describe_draft(draft, at),
        error=DraftError(**asdict(draft.failure)),
        attempts=attempts,
    )
