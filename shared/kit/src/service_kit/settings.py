"""Settings that every service has. Read once in `__main__`; nothing else reads the environment."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Literal, Self, TypeVar

from pydantic import SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from service_kit.store import normalise_url

Profile = Literal["embedded", "production"]


class SettingsError(Exception):
    """The service cannot start as it is set up; the text names the variable to change."""


class ServiceSettings(BaseSettings):
    """The common settings, from `DRAMATIS_*` variables, or from files in `DRAMATIS_SECRETS_DIR`.

    A file has the name of its variable, in either case, and its text is the value.
    """

    model_config = SettingsConfigDict(
        env_prefix="DRAMATIS_",
        frozen=True,
        extra="ignore",
        populate_by_name=True,
        secrets_dir=os.environ.get("DRAMATIS_SECRETS_DIR"),
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

    @field_validator("database_url", "migration_database_url")
    @classmethod
    def _is_postgres(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None:
            normalise_url(url.get_secret_value())
        return url

    @model_validator(mode="after")
    def _no_faults_in_production(self) -> Self:
        if self.profile == "production" and self.die_at is not None:
            raise ValueError("DRAMATIS_DIE_AT is for tests: it is refused in production")
        return self


SettingsT = TypeVar("SettingsT", bound=ServiceSettings)


def load(settings: type[SettingsT]) -> SettingsT:
    """Return the settings of this process.

    Raises:
        SettingsError: with a line for each variable that is missing or wrong; no value is repeated.
    """
    try:
        return settings()  # pyright: ignore[reportCallIssue] — from the environment
    except ValidationError as error:
        lines = [_problem(item["loc"], item["msg"]) for item in error.errors()]
        raise SettingsError("\n".join(lines)) from None


def start(main: Callable[[], None]) -> None:
    """Run `main`; end with code 2 and what is wrong, without a traceback, if it is the settings."""
    try:
        main()
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)


def _problem(location: tuple[int | str, ...], message: str) -> str:
    if not location:
        return message
    field = str(location[0])
    variable = f"DRAMATIS_{field.upper()}" if field.islower() else field
    return f"{variable}: {message}"
