"""What followup-svc adds to the common settings."""

from pydantic import Field
from service_kit.leases import REST_SECONDS
from service_kit.settings import ServiceSettings, own_variables


class FollowupSvcSettings(ServiceSettings):
    """How due steps are sent."""

    model_config = own_variables("followup")
    http_port: int = 8103
    send_batch: int = Field(default=500, ge=1, le=1_000)
    """Steps in one transaction."""
    due_check_seconds: float = Field(default=REST_SECONDS, gt=0, le=60)
    """The longest time without a look for due steps, however far away the next one is."""
    retry_delays_seconds: tuple[float, float] = (60, 300)
    """Waits before the second and the third attempt when the CRM could not send for now."""
