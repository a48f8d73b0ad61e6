"""What persona-svc adds to the common settings."""

from service_kit.settings import ServiceSettings


class PersonaSettings(ServiceSettings):
    """Only another port."""

    http_port: int = 8101
