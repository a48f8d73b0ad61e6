"""Settings that every service has. Read once in `__main__`; nothing else reads the environment."""

from pathlib import Path
from typing import Literal, Self

from pydantic import SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

Profile = Literal["embedded", "production"]


class ServiceSettings(BaseSettings):
    """The common settings, from `DRAMATIS_*` variables; `DRAMATIS_SECRETS_DIR` may hold files."""

    model_config = SettingsConfigDict(
        env_prefix="DRAMATIS_", frozen=True, extra="ignore", populate_by_name=True
    )

    profile: Profile = "embedded"
    http_host: str = "127.0.0.1"
    http_port: int
    nats_url: SecretStr
    """May carry credentials."""
    database_url: SecretStr
    """Login `<svc>`: `postgres://…` and `sslmode=` are understood."""
    migration_database_url: SecretStr | None = None
    """Login `<svc>_owner`, for `python -m <svc> migrate` only."""
    data_dir: Path = Path(".dramatis")
    jwks_url: str
    """Where the keys that sign tokens are published: `https://…` or, embedded, `file://…`."""
    jwt_issuer: str = "dramatis"
    jwt_audience: str = "dramatis"
    otlp_endpoint: str | None = None
    """`http://collector:4318`; traces are exported only when it is set."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    database_pool_size: int = 10
    stream_replicas: int = 1
    """Copies of each stream that this service has to create; 3 in a cluster."""
    die_at: str | None = None
    """For fault tests: the step at which this process kills itself; refused in production."""

    @model_validator(mode="after")
    def _no_faults_in_production(self) -> Self:
        if self.profile == "production" and self.die_at is not None:
            raise ValueError("DRAMATIS_DIE_AT is for tests: it is refused in production")
        return self
