"""Verifies tokens against the keys that an identity provider publishes (JWKS, RFC 7517)."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol, cast
from urllib.parse import urlsplit
from urllib.request import url2pathname

import httpx
import jwt
from persona_contracts import is_subject_id
from pydantic import TypeAdapter
from structlog import get_logger

from service_kit.errors import UnauthenticatedError, UpstreamError
from service_kit.identity import Principal, Role

ALGORITHMS = ["RS256", "ES256", "EdDSA"]
LEEWAY_SECONDS = 300
"""How far clocks may differ (reliability.md §6)."""
MAX_AGE_SECONDS = 300
"""Keys are fetched again after this, so that a withdrawn one stops working."""
MAX_STALE_SECONDS = 24 * 3_600
"""Keys that cannot be fetched again are good for this long: one may have been withdrawn."""
TIMEOUT_SECONDS = 5
JWKS = TypeAdapter(dict[str, Any])
NOBODY_ELSE: Mapping[str, "FindsKeys"] = MappingProxyType({})
LOOPBACK = {"127.0.0.1", "::1", "localhost"}
MALFORMED = "The token is malformed, or its signature does not hold."
REASONS: dict[type[jwt.PyJWTError], str] = {
    jwt.ExpiredSignatureError: "The token has expired.",
    jwt.ImmatureSignatureError: "The token is not valid yet.",
    jwt.InvalidIssuerError: "The token is of another issuer.",
    jwt.InvalidAudienceError: "The token is for another audience.",
    jwt.MissingRequiredClaimError: "The token lacks one of the claims exp, iss, aud, sub.",
}

log = get_logger(__name__)


class TokenRejectedError(UnauthenticatedError):
    """The token is not valid."""

    slug = "token-rejected"


class KeysUnavailableError(UpstreamError):
    """The keys that tokens are signed with cannot be fetched; try again later."""

    slug = "signing-keys-unavailable"


class FindsKeys(Protocol):
    """Knows the keys that an issuer signs with."""

    async def get(self, key_id: str) -> jwt.PyJWK | None:
        """Return the key, or None when it is none of the issuer's.

        Raises:
            KeysUnavailableError: that cannot be known now.
        """
        ...


class SigningKeys:
    """The published keys, cached: known ones go on working for a day while the provider is away."""

    def __init__(
        self,
        jwks_url: str,
        *,
        refresh_seconds: float = 10,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Keep the keys at `jwks_url`; an unknown one asks again once in `refresh_seconds`.

        Raises:
            ValueError: the URL is neither https:// nor file:// (http:// is for loopback only:
                who can change the keys can sign tokens).
        """
        url = urlsplit(jwks_url)
        if url.scheme not in {"https", "file"} and url.hostname not in LOOPBACK:
            raise ValueError("the JWKS URL must start with https:// or file://")
        self._url = jwks_url
        self._refresh_seconds = refresh_seconds
        self._monotonic = monotonic
        self._keys: dict[str, jwt.PyJWK] = {}
        self._tried_at = self._loaded_at = -float("inf")
        self._lock = asyncio.Lock()
        self._renewal: asyncio.Task[None] | None = None

    async def get(self, key_id: str) -> jwt.PyJWK | None:
        """Return the key, or None when the provider does not publish it.

        Raises:
            KeysUnavailableError: it is unknown here, or was fetched MAX_STALE_SECONDS ago, and the
                provider does not answer.
        """
        if key_id not in self._keys or self._age_seconds > MAX_STALE_SECONDS:
            await self._refresh()
        elif self._age_seconds > MAX_AGE_SECONDS:
            self._renew()
        is_unknown = key_id not in self._keys and self._loaded_at < self._tried_at
        if is_unknown or self._age_seconds > MAX_STALE_SECONDS:
            raise KeysUnavailableError("The signing keys of the tokens cannot be fetched.")
        return self._keys.get(key_id)

    @property
    def _age_seconds(self) -> float:
        return self._monotonic() - self._loaded_at

    def _renew(self) -> None:
        """Fetch in the background: nobody waits for keys that are known."""
        if self._renewal is None or self._renewal.done():
            self._renewal = asyncio.create_task(self._refresh())

    async def _refresh(self) -> None:
        async with self._lock:
            if self._monotonic() - self._tried_at < self._refresh_seconds:
                return
            self._tried_at = self._monotonic()
            try:
                published = jwt.PyJWKSet.from_dict(JWKS.validate_json(await self._read()))
            except (OSError, ValueError, httpx.HTTPError, jwt.PyJWTError) as error:
                log.warning("signing_keys.not_fetched", reason=type(error).__name__)
                return
            self._keys = {
                key.key_id: key
                for key in published.keys
                if key.key_id and key.algorithm_name in ALGORITHMS
            }
            self._loaded_at = self._monotonic()

    async def _read(self) -> bytes:
        url = urlsplit(self._url)
        if url.scheme == "file":
            return await asyncio.to_thread(Path(url2pathname(url.path)).read_bytes)
        async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS) as client:
            answer = await client.get(self._url)
            return answer.raise_for_status().content


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """How an identity provider names a person's workspace and role."""

    workspace: str = "workspace_id"
    role: str = "role"
    roles: Mapping[str, Role] = field(default_factory=lambda: {each.value: each for each in Role})
    """Which role each value of the role's claim is; others are none of ours."""

    def principal(self, claims: Mapping[str, Any]) -> Principal:
        """Return whom a token's claims name; of several roles it is the highest.

        Raises:
            TokenRejectedError: a claim is missing, or is none that can be understood.
        """
        workspace_id, subject = _claim(claims, self.workspace), claims["sub"]
        if not isinstance(workspace_id, str) or not is_subject_id(workspace_id):
            raise TokenRejectedError(
                f"The token's {self.workspace} must be 1 to 64 of A-Z a-z 0-9 _ -."
            )
        if not 1 <= len(subject) <= 255 or not subject.isprintable():
            raise TokenRejectedError("The token's sub must be 1 to 255 printable characters.")
        return Principal(
            workspace_id=workspace_id, subject=subject, role=self._role(_claim(claims, self.role))
        )

    def _role(self, claimed: object) -> Role:
        values = [claimed]
        if isinstance(claimed, list) and self.role != DRAMATIS_CLAIMS.role:
            values = cast("list[object]", claimed)
        found = [
            self.roles[value] for value in values if isinstance(value, str) and value in self.roles
        ]
        if not found:
            raise TokenRejectedError(
                f"The token's {self.role} must be one of {', '.join(self.roles)}."
            )
        return max(found, key=list(Role).index)


def _claim(claims: Mapping[str, Any], name: str) -> object:
    """Return a claim by its name, or by the way to it: `realm_access.roles`."""
    if name in claims:  # such as https://example.com/role
        return claims[name]
    found: object = claims
    for part in name.split("."):
        found = cast("Mapping[str, object]", found).get(part) if isinstance(found, dict) else None
    return found


DRAMATIS_CLAIMS = Claims()


class Tokens:
    """Turns a token into who calls."""

    def __init__(
        self,
        keys: FindsKeys,
        *,
        issuer: str,
        audience: str,
        others: Mapping[str, FindsKeys] = NOBODY_ELSE,
        claims: Claims = DRAMATIS_CLAIMS,
    ) -> None:
        """Take the keys of `issuer`, and those of each further issuer: none signs for another.

        `claims` are those of `issuer`; further ones use Dramatis' own names.
        """
        self._keys: dict[str, FindsKeys] = {issuer: keys, **others}
        self._issuer = issuer
        self._audience = audience
        self._claims = claims

    async def verify(self, credential: str) -> Principal:
        """Return the principal that `credential` names.

        Raises:
            TokenRejectedError: it is malformed, expired, not signed by a published key with an
                allowed algorithm, of another issuer or audience, or lacks a claim.
            KeysUnavailableError: the keys cannot be fetched.
        """
        try:
            issuer = self._claimed_issuer(credential)
            key_id = jwt.get_unverified_header(credential).get("kid", "")
            key = await self._keys[issuer].get(key_id)
            if key is None:
                raise TokenRejectedError("The token is not signed with a published key.")
            claims = jwt.decode(
                credential,
                key,
                algorithms=ALGORITHMS,
                issuer=issuer,
                audience=self._audience,
                leeway=LEEWAY_SECONDS,
                options={"require": ["exp", "iss", "aud", "sub"]},
            )
        except jwt.PyJWTError as error:
            raise TokenRejectedError(_reason(error)) from error
        names = self._claims if issuer == self._issuer else DRAMATIS_CLAIMS
        return names.principal(claims)

    def _claimed_issuer(self, token: str) -> str:
        """Return by whose keys the token is to be judged: the first issuer's, if none is known."""
        if len(self._keys) == 1:
            return self._issuer
        claimed = jwt.decode(token, options={"verify_signature": False}).get("iss")
        return claimed if isinstance(claimed, str) and claimed in self._keys else self._issuer


def _reason(error: jwt.PyJWTError) -> str:
    return next((text for kind, text in REASONS.items() if isinstance(error, kind)), MALFORMED)
