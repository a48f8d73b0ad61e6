"""What studio-svc adds to the common settings."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final, Self
from urllib.parse import urlsplit

from persona_contracts.types import SubjectId
from pydantic import Field, SecretStr, field_validator, model_validator
from service_kit.identity import Role
from service_kit.settings import ServiceSettings, own_variables
from service_kit.signer import Signer

SERVICES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "persona-svc": "http://127.0.0.1:8101",
        "draft-svc": "http://127.0.0.1:8102",
        "followup-svc": "http://127.0.0.1:8103",
        "ingest-svc": "http://127.0.0.1:8104",
        "voice-svc": "http://127.0.0.1:8105",
        "chat-svc": "http://127.0.0.1:8106",
    }
)
"""Where the embedded profile has them."""
LOOPBACK_HOSTS: Final = ("127.0.0.1", "localhost")


class StudioSettings(ServiceSettings):
    """Where the services are, where browsers find this one, and what signs its tokens."""

    model_config = own_variables("studio")
    http_port: int = 8100
    services: dict[str, str] = Field(default_factory=lambda: dict(SERVICES))
    """The address of each service behind the gateway, as JSON."""
    public_url: str | None = None
    """The origin that browsers use, such as `https://studio.example.com`."""
    signing_key: SecretStr | None = None
    """Ed25519 keys in PEM: the first signs, all are published. Embedded: one of the data folder."""
    voice_origins: tuple[str, ...] = ("https://api.elevenlabs.io", "wss://api.elevenlabs.io")
    """Where a page may connect to for a call with an agent."""

    oidc_issuer: str | None = None
    """The company's identity provider, as its tokens name it."""
    oidc_client_id: str | None = None
    oidc_client_secret: SecretStr | None = None
    """None: a public client, which has PKCE alone."""
    oidc_scope: str = "openid profile email"
    oidc_role_claim: str = "roles"
    """Of the ID token; `a.b` is `b` inside `a`."""
    oidc_roles: dict[str, Role] = Field(default_factory=dict)
    """The role of each value of that claim, as JSON; who has none is refused."""
    oidc_workspace_claim: str = "workspace_id"
    oidc_workspace: SubjectId | None = None
    """The workspace of everybody, instead of the claim."""

    @property
    def hosts(self) -> frozenset[str]:
        """What the `Host` of a request may be."""
        public = {urlsplit(self.public_url).netloc} if self.public_url else set[str]()
        if self.profile == "production":
            return frozenset(public)
        return frozenset(public | {f"{host}:{self.http_port}" for host in LOOPBACK_HOSTS})

    @property
    def cookie(self) -> str:
        """The name of the session's cookie; cookies ignore ports, so embedded ones have theirs."""
        is_production = self.profile == "production"
        return "__Host-dramatis" if is_production else f"dramatis_{self.http_port}"

    @field_validator("public_url")
    @classmethod
    def _is_origin(cls, url: str | None) -> str | None:
        if url is not None:
            parts = urlsplit(url)
            if parts.scheme not in {"http", "https"} or url != f"{parts.scheme}://{parts.netloc}":
                raise ValueError("an origin: scheme, host and port, without a path")
        return url

    @field_validator("signing_key")
    @classmethod
    def _is_key(cls, key: SecretStr | None) -> SecretStr | None:
        if key is not None:
            Signer.of_pem(key.get_secret_value().encode())
        return key

    @model_validator(mode="after")
    def _has_what_production_needs(self) -> Self:
        if self.profile == "production":
            if self.signing_key is None:
                raise ValueError("DRAMATIS_STUDIO_SIGNING_KEY: production needs one")
            if self.public_url is None or not self.public_url.startswith("https://"):
                raise ValueError("DRAMATIS_STUDIO_PUBLIC_URL: production needs one with https://")
        return self

    @property
    def not_configured(self) -> Sequence[str]:
        """A way to sign in, as long as there is none."""
        has_links = self.profile == "embedded"
        has_provider = self.oidc_issuer is not None and self.oidc_client_id is not None
        return () if has_links or has_provider else ("sign-in",)
