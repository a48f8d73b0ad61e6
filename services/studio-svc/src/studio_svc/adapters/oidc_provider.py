"""The company's identity provider: OpenID Connect, with code, PKCE and nonce."""

import hmac
import ssl
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final
from urllib.parse import urlencode

import httpx
import jwt
from pydantic import BaseModel, SecretStr, ValidationError
from service_kit.tokens import ALGORITHMS, KeysUnavailableError, SigningKeys
from service_kit.traced_http import TracedHttp

from studio_svc.domain.admission import ProviderUnavailableError, SignInRefusedError
from studio_svc.settings import StudioSettings

TIMEOUT_SECONDS: Final = 10.0
LEEWAY_SECONDS: Final = 60


class _Configuration(BaseModel):
    """What is used of OpenID Connect Discovery."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str


class _Tokens(BaseModel):
    id_token: str


class OidcProvider:
    """Sends people to sign in, and learns who they are."""

    def __init__(
        self, issuer: str, client_id: str, client_secret: SecretStr | None, scope: str
    ) -> None:
        """Take how the provider knows this service; nothing is asked yet."""
        self._issuer = issuer
        self._client_id = client_id
        self._client_secret = client_secret
        self._scope = scope
        self._http = TracedHttp(timeout=TIMEOUT_SECONDS, verify=ssl.create_default_context())
        self._found: tuple[_Configuration, SigningKeys] | None = None

    async def address(self, *, state: str, nonce: str, verifier: str, redirect_uri: str) -> str:
        """Return where a person signs in.

        Raises:
            ProviderUnavailableError: it does not answer.
        """
        configuration, _ = await self._configuration()
        asked = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": redirect_uri,
            "scope": self._scope,
            "state": state,
            "nonce": nonce,
            "code_challenge": _challenge(verifier),
            "code_challenge_method": "S256",
        }
        separator = "&" if "?" in configuration.authorization_endpoint else "?"
        return f"{configuration.authorization_endpoint}{separator}{urlencode(asked)}"

    async def claims(
        self, code: str, *, nonce: str, verifier: str, redirect_uri: str
    ) -> Mapping[str, Any]:
        """Return what the provider says of who has signed in.

        Raises:
            SignInRefusedError: the code is not good, or the token is not for this sign-in.
            ProviderUnavailableError: it does not answer.
        """
        configuration, keys = await self._configuration()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
        }
        token = await self._token(configuration.token_endpoint, form)
        try:
            key = await keys.get(jwt.get_unverified_header(token).get("kid", ""))
            if key is None:
                raise SignInRefusedError("The token is not signed with a published key.")
            claims = jwt.decode(
                token,
                key,
                algorithms=ALGORITHMS,
                issuer=self._issuer,
                audience=self._client_id,
                leeway=LEEWAY_SECONDS,
                options={"require": ["exp", "iat", "iss", "aud", "sub", "nonce"]},
            )
        except KeysUnavailableError as error:
            raise ProviderUnavailableError("Its keys cannot be fetched.") from error
        except jwt.PyJWTError as error:
            raise SignInRefusedError("The token is not valid.") from error
        if not hmac.compare_digest(str(claims["nonce"]), nonce):
            raise SignInRefusedError("The token is for another sign-in.")
        if claims.get("azp", self._client_id) != self._client_id:
            raise SignInRefusedError("The token is for another client.")
        return claims

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _token(self, url: str, form: Mapping[str, str]) -> str:
        secret = self._client_secret
        auth = (
            None if secret is None else httpx.BasicAuth(self._client_id, secret.get_secret_value())
        )
        sent = {**form, "client_id": self._client_id} if secret is None else form
        try:
            request = self._http.build_request("POST", url, data=sent)
            answer = await self._http.send(request, auth=auth)
            if answer.is_success:
                return _Tokens.model_validate_json(answer.content).id_token
        except (httpx.HTTPError, ValidationError) as error:
            raise ProviderUnavailableError("No token came.") from error
        if answer.is_server_error:
            raise ProviderUnavailableError("No token came.")
        raise SignInRefusedError("The identity provider does not take the code.")

    async def _configuration(self) -> tuple[_Configuration, SigningKeys]:
        if self._found is None:
            url = f"{self._issuer.rstrip('/')}/.well-known/openid-configuration"
            try:
                answer = (await self._http.get(url)).raise_for_status()
                told = _Configuration.model_validate_json(answer.content)
            except (httpx.HTTPError, ValidationError) as error:
                raise ProviderUnavailableError("Its configuration cannot be read.") from error
            if told.issuer != self._issuer:
                raise ProviderUnavailableError("Its configuration is another issuer's.")
            self._found = told, SigningKeys(told.jwks_uri)
        return self._found


def _challenge(verifier: str) -> str:
    return urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def choose_provider(settings: StudioSettings) -> OidcProvider | None:
    """Return the provider of the settings; None: people sign in with links alone."""
    if settings.oidc_issuer is None or settings.oidc_client_id is None:
        return None
    return OidcProvider(
        settings.oidc_issuer,
        settings.oidc_client_id,
        settings.oidc_client_secret,
        settings.oidc_scope,
    )
