"""What persona-svc adds to the common settings."""

from service_kit.settings import ServiceSettings, own_variables


class PersonaSettings(ServiceSettings):
    """Only another port."""

    model_config = own_variables("persona")
    http_port: int = 8101
