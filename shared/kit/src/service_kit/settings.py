"""Settings that every service has. Read once in `__main__`; nothing else reads the environment."""

import os
import re
import ssl
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar, Literal, Self, TypeVar

from persona_client import NatsAddress
from pydantic import (
    AliasChoices,
    AliasGenerator,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from service_kit.identity import Role
from service_kit.lease_times import LeaseTimes
from service_kit.store import normalise_url

SECRETS_DIR = "DRAMATIS_SECRETS_DIR"
Profile = Literal["embedded", "production"]
EMBEDDED_PEPPER = "known-to-everybody-so-embedded-only"
MIN_PEPPER_CHARS = 32
_TOPOLOGY: Mapping[Profile, str] = {"embedded": "services", "production": "controller"}
_ORIGIN = re.compile(r"https?://([a-z0-9.-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?")
"""As browsers write it (RFC 6454 §6.1): in lower case, with nothing after the port."""


_SERVICES = ("PERSONA", "DRAFT", "FOLLOWUP", "INGEST", "VOICE", "CHAT", "STUDIO")
"""Each begins the variables of a service, which may share an environment with others."""
_COMMANDS = frozenset(
    {
        SECRETS_DIR,
        "DRAMATIS_TOKEN",
        "DRAMATIS_URL",
        "DRAMATIS_WORKSPACE",
        "DRAMATIS_ADMIN_DATABASE_URL",
        "DRAMATIS_OWNER_URLS",
        "DRAMATIS_NATS_CREDS_FILE",
        "DRAMATIS_NATS_NKEY_FILE",
        "DRAMATIS_NATS_INBOX_PREFIX",
        "DRAMATIS_NATS_DOMAIN",
    }
)
"""What the `dramatis` command reads beside what services read."""


class SettingsError(Exception):
    """The service cannot start as it is set up; the text names the variable to change."""


class ServiceSettings(BaseSettings):
    """The common settings, from `DRAMATIS_*` variables, or from files in `DRAMATIS_SECRETS_DIR`.

    A file has the name of its variable, in either case, and its text is the value. A service's
    settings derive from this class with `model_config = own_variables("draft")`.
    """

    model_config = SettingsConfigDict(
        alias_generator=AliasGenerator(validation_alias=lambda field: f"DRAMATIS_{field.upper()}"),
        frozen=True,
        extra="ignore",
        populate_by_name=True,
        secrets_dir=os.environ.get(SECRETS_DIR),
    )
    renamed: ClassVar[Mapping[str, str]] = MappingProxyType({})
    """Variables that a service once read, each with its present name; see also `load`."""

    profile: Profile = "embedded"
    http_host: str = "127.0.0.1"
    http_port: int
    nats_url: SecretStr
    """May carry credentials; several servers are separated by commas."""
    nats_ca_file: Path | None = None
    """PEM file of who signed the broker's certificate, instead of the system's."""
    nats_tls_handshake_first: bool = False
    """Refuse a broker without TLS: set it wherever the address is `tls://`."""
    topology: Literal["services", "controller"] | None = None
    """Who creates streams and durables; by default the services if embedded, else the controller.

    The controller is `dramatis topology run`.
    """
    database_url: SecretStr
    """Login `<svc>`: `postgres://…` and `sslmode=` are understood."""
    migration_database_url: SecretStr | None = None
    """Login `<svc>_owner`, for `python -m <svc> migrate` only."""
    data_dir: Path = Path(".dramatis")
    jwks_url: str
    """Where the keys that sign tokens are published: `https://…` or, embedded, `file://…`."""
    jwt_issuer: str = "dramatis"
    jwt_audience: str = "dramatis"
    jwt_other_issuers: dict[str, str] = Field(default_factory=dict)
    """Further issuers of tokens, each with its JWKS URL, as JSON: `{"https://…": "https://…"}`."""
    jwt_workspace_claim: str = "workspace_id"
    """Which claim of `jwt_issuer` names the workspace; `a.b` is `b` within `a`."""
    jwt_role_claim: str = "role"
    """Which claim names the role, or several, of which the highest counts."""
    jwt_roles: dict[str, Role] = Field(default_factory=lambda: {each.value: each for each in Role})
    """Which role each value of that claim is, as JSON: `{"sales-leads": "editor"}`."""
    api_key_pepper: SecretStr = SecretStr(EMBEDDED_PEPPER)
    """What API keys are hashed with, the same in every service; production refuses the default.

    At least 32 characters. Another one makes every key invalid.
    """
    cors_origins: tuple[str, ...] = ()
    """Whose pages may call the API from a browser, such as `https://app.example.com`; none."""
    rate_limit_per_key: int = Field(default=0, ge=0)
    """How many requests a minute an API key may send to this service, all replicas; 0: any."""
    rate_limit_per_workspace: int = Field(default=0, ge=0)
    """The same of a workspace, its people and keys together."""
    otlp_endpoint: str | None = None
    """`http://collector:4318`; traces are exported only when it is set."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    database_pool_size: int = 10
    ack_wait_seconds: float = Field(default=30, gt=0)
    """An event is delivered again so long after a process died over it; at most a lease."""
    lease_seconds: float = Field(default=60, gt=0)
    """Leased work is taken over so long after the last heartbeat."""
    heartbeat_seconds: float = Field(default=20, gt=0)
    stream_replicas: int = 1
    """Copies of each stream that this service has to create; 3 in a cluster."""
    commit: str = "unknown"
    """Of the source that runs, as `/livez` and `/readyz` tell it; an image knows its own."""
    die_at: str | None = None
    """For fault tests: the step at which this process kills itself; refused in production."""

    @property
    def creates_topology(self) -> bool:
        """Whether this process creates streams and durables."""
        return (self.topology or _TOPOLOGY[self.profile]) == "services"

    def nats_address(self, name: str) -> NatsAddress:
        """Return the broker's address for the process called `name`."""
        address = NatsAddress.parse(self.nats_url.get_secret_value())
        authority = self.nats_ca_file
        return replace(
            address,
            tls=ssl.create_default_context(cafile=authority) if authority else None,
            tls_handshake_first=self.nats_tls_handshake_first,
            inbox_prefix=f"_INBOX_{name}",
        )

    @property
    def stand_ins(self) -> Sequence[str]:
        """What is chosen here that production refuses, such as `writer:offline`."""
        return ()

    def require_own_pepper(self) -> None:
        """Return when API keys are hashed with what not everybody knows, or this is embedded.

        Raises:
            SettingsError: the profile is production, and the pepper is the embedded one.
        """
        pepper = self.api_key_pepper.get_secret_value()
        if self.profile == "production" and pepper == EMBEDDED_PEPPER:
            raise SettingsError("DRAMATIS_API_KEY_PEPPER: production refuses the default")

    @property
    def not_configured(self) -> Sequence[str]:
        """What this process cannot do as it is set up, such as `voice`: told by `/readyz`."""
        return ()

    @field_validator("api_key_pepper")
    @classmethod
    def _is_long(cls, pepper: SecretStr) -> SecretStr:
        if len(pepper.get_secret_value()) < MIN_PEPPER_CHARS:
            raise ValueError(f"at least {MIN_PEPPER_CHARS} characters")
        return pepper

    @field_validator("database_url", "migration_database_url")
    @classmethod
    def _is_postgres(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None:
            normalise_url(url.get_secret_value())
        return url

    @field_validator("nats_url")
    @classmethod
    def _is_nats(cls, url: SecretStr) -> SecretStr:
        NatsAddress.parse(url.get_secret_value())
        return url

    @field_validator("cors_origins")
    @classmethod
    def _are_origins(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        if not all(_ORIGIN.fullmatch(origin) for origin in origins):
            raise ValueError("each is an origin: scheme, host and port, without a path")
        return origins

    @property
    def lease(self) -> LeaseTimes:
        """The times of leased work."""
        return LeaseTimes(
            lease_seconds=self.lease_seconds, heartbeat_seconds=self.heartbeat_seconds
        )

    @model_validator(mode="after")
    def _leases_outlast_signs_of_life(self) -> Self:
        if self.heartbeat_seconds > self.lease_seconds / 2:
            raise ValueError("DRAMATIS_HEARTBEAT_SECONDS: at most half of DRAMATIS_LEASE_SECONDS")
        if self.ack_wait_seconds > self.lease_seconds:
            raise ValueError("DRAMATIS_ACK_WAIT_SECONDS: at most DRAMATIS_LEASE_SECONDS")
        return self

    @model_validator(mode="after")
    def _no_faults_in_production(self) -> Self:
        if self.profile == "production" and self.die_at is not None:
            raise ValueError("DRAMATIS_DIE_AT is for tests: it is refused in production")
        return self


SettingsT = TypeVar("SettingsT", bound=ServiceSettings)


def own_variables(service: str) -> SettingsConfigDict:
    """Return the `model_config` of a service's settings, such as those of `draft`.

    Its own fields are read from `DRAMATIS_DRAFT_<FIELD>`, the common ones as everywhere: services
    that share an environment cannot take each other's variables.
    """

    def variable(field: str) -> str:
        own = "" if field in ServiceSettings.model_fields else f"{service.upper()}_"
        return f"DRAMATIS_{own}{field.upper()}"

    return SettingsConfigDict(alias_generator=AliasGenerator(validation_alias=variable))


def load(settings: type[SettingsT]) -> SettingsT:
    """Return the settings of this process.

    Raises:
        SettingsError: with a line for each variable that is missing or wrong, or lacks the name of
            its service; in production also for each that is unknown. No value is repeated.
    """
    renamed = {**settings.renamed, **_without_service(settings)}
    if found := sorted(_present() & renamed.keys()):
        raise SettingsError("\n".join(f"{old} is not read: use {renamed[old]}" for old in found))
    try:
        loaded = settings()  # pyright: ignore[reportCallIssue] — from the environment
    except ValidationError as error:
        lines = [_problem(item["loc"], item["msg"]) for item in error.errors()]
        raise SettingsError("\n".join(lines)) from None
    if loaded.profile == "production" and (unknown := unknown_variables(settings)):
        raise SettingsError("\n".join(unknown))
    return loaded


def unknown_variables(settings: type[ServiceSettings]) -> Sequence[str]:
    """Return a line for each variable that is set and that nothing reads: it may be misspelt.

    Those of other services are not looked at: they may share this one's environment.
    """
    known = set[str]()
    for field in settings.model_fields.values():
        alias = field.validation_alias
        known |= set(map(str, alias.choices)) if isinstance(alias, AliasChoices) else {str(alias)}
    own = {word for word in _SERVICES if any(_is_of(name, word) for name in known)}
    others = [word for word in _SERVICES if word not in own]
    unknown = {name for name in _present() if name.startswith("DRAMATIS_")} - known - _COMMANDS
    return [
        _unknown(name, known)
        for name in sorted(unknown)
        if not any(_is_of(name, word) for word in others)
    ]


def _is_of(name: str, service: str) -> bool:
    return name.startswith(f"DRAMATIS_{service}_")


def _unknown(name: str, known: Collection[str]) -> str:
    words = [each.removeprefix("DRAMATIS_") for each in known]
    near = get_close_matches(name.removeprefix("DRAMATIS_"), words, 1, 0.8)
    return f"{name} is not known: " + (f"did you mean DRAMATIS_{near[0]}?" if near else "remove it")


def start(main: Callable[[], None]) -> None:
    """Run `main`; end with code 2 and what is wrong, without a traceback, if it is the settings."""
    try:
        main()
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)


def _without_service(settings: type[ServiceSettings]) -> dict[str, str]:
    """Return what the service's own variables were once called, each with its present name."""
    own = settings.model_fields.keys() - ServiceSettings.model_fields.keys()
    return {f"DRAMATIS_{field.upper()}": variable(settings, field) for field in own}


def variable(settings: type[ServiceSettings], field: str) -> str:
    """Return the variable that a field is read from, the first of them if there are several."""
    alias = settings.model_fields[field].validation_alias
    return str(alias.choices[0]) if isinstance(alias, AliasChoices) else str(alias)


def _present() -> set[str]:
    """Return the variables that are set, in the environment or as files."""
    folder = os.environ.get(SECRETS_DIR)
    files = Path(folder).iterdir() if folder and Path(folder).is_dir() else ()
    return {name.upper() for name in (*os.environ, *(file.name for file in files))}


def _problem(location: tuple[int | str, ...], message: str) -> str:
    return f"{location[0]}: {message}" if location else message
