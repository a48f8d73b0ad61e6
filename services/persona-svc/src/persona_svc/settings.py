"""What persona-svc adds to the common settings."""

from datetime import timedelta

from pydantic import Field
from service_kit.settings import ServiceSettings, own_variables


class PersonaSettings(ServiceSettings):
    """Another port, and how long a deleted persona can come back."""

    model_config = own_variables("persona")
    http_port: int = 8101
    retention_days: float = Field(default=30, ge=0)

    @property
    def retention(self) -> timedelta:
        """How long a deleted persona can be undeleted."""
        return timedelta(days=self.retention_days)
