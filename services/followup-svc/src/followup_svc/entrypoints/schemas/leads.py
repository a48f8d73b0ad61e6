"""What the API takes: a lead."""

from persona_contracts import ExternalId, Lead, SubjectId
from pydantic import Field
from service_kit.requests import StrictRequest

from followup_svc.usecases.start_instances import LeadToStart


class LeadRequest(StrictRequest):
    """A lead to start, or to show a preview for."""

    lead_id: ExternalId
    campaign_id: SubjectId | None = None
    lead: Lead = Field(default_factory=Lead, description="What is known; kept for later steps.")

    def chosen(self) -> LeadToStart:
        """Return it as the use cases take it."""
        return LeadToStart(lead_id=self.lead_id, campaign_id=self.campaign_id, lead=self.lead)
