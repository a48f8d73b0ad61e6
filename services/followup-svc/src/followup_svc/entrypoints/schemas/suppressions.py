"""What the API takes and gives: suppressions."""

from datetime import datetime
from typing import Self
from uuid import UUID

from persona_contracts import ExternalId, Text
from pydantic import BaseModel, Field
from service_kit.requests import StrictRequest

from followup_svc.domain.lead import Suppression


class SuppressLeadRequest(StrictRequest):
    """Who must not be written to."""

    lead_id: ExternalId
    reason: Text = Field(default="by hand", min_length=1, max_length=500)


class SuppressionDocument(BaseModel):
    """A lead that must not be written to."""

    suppression_id: UUID
    lead_id: str
    reason: str
    created_by: str
    created_at: datetime

    @classmethod
    def of(cls, suppression: Suppression) -> Self:
        """Return the document of a suppression."""
        return cls(
            suppression_id=suppression.suppression_id,
            lead_id=suppression.lead_id,
            reason=suppression.reason,
            created_by=suppression.created_by,
            created_at=suppression.created_at,
        )
