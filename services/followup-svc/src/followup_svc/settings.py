"""What followup-svc adds to the common settings."""

from pydantic import Field
from service_kit.settings import ServiceSettings, own_variables


class FollowupSvcSettings(ServiceSettings):
    """How due steps are sent."""

    model_config = own_variables("followup")
    http_port: int = 8103
    send_batch: int = Field(default=500, ge=1, le=1_000)
    """Steps in one transaction."""
    due_check_seconds: float = Field(default=0.25, gt=0, le=60)
    """How often to look for due steps when there are none; so late they may be."""
    retry_delays_seconds: tuple[float, float] = (60, 300)
    """Waits before the second and the third attempt when the CRM could not send for now."""
