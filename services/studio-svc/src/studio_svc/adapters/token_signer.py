"""The tokens by which services know who is asking, minted for one request each."""

from collections.abc import Mapping
from datetime import timedelta
from functools import cached_property
from typing import Final

import jwt
from service_kit.clock import utc_now
from service_kit.dev_keys import embedded_signer, ensure_dev_keys
from service_kit.identity import Principal
from service_kit.signer import Signer

from studio_svc.settings import StudioSettings

ISSUER: Final = "dramatis-studio"
LIFETIME: Final = timedelta(minutes=5)
SEALED: Final = "sign-in"
"""An audience that no service takes."""
FOLDER: Final = "studio"
"""In the data folder: the embedded key, and what is published of it."""


class TokenSigner:
    """Signs as studio-svc, with the key of the settings; embedded, with one in the data folder."""

    def __init__(self, settings: StudioSettings) -> None:
        self._settings = settings

    @cached_property
    def _signer(self) -> Signer:
        settings = self._settings
        if settings.signing_key is not None:
            return Signer.of_pem(settings.signing_key.get_secret_value().encode())
        ensure_dev_keys(settings.data_dir / FOLDER, settings.profile)
        return embedded_signer(settings.data_dir / FOLDER)

    def sign(self, principal: Principal) -> str:
        """Return a token that is good for 5 minutes."""
        return self._signer.sign(
            principal,
            issuer=ISSUER,
            audience=self._settings.jwt_audience,
            issued_at=utc_now(),
            lifetime=LIFETIME,
        )

    def seal(self, claims: Mapping[str, str], lifetime: timedelta) -> str:
        """Return a text that `unseal` takes from anybody, until it is too old; it hides nothing."""
        over_at = utc_now() + lifetime
        return self._signer.sign_claims({**claims, "aud": SEALED, "exp": over_at})

    def unseal(self, sealed: str) -> dict[str, str] | None:
        """Return what was sealed here; None: it was not, or it is too old."""
        try:
            key = self._signer.public(jwt.get_unverified_header(sealed).get("kid", ""))
            return key and jwt.decode(sealed, key, algorithms=["EdDSA"], audience=SEALED)
        except jwt.PyJWTError:
            return None

    async def get(self, key_id: str) -> jwt.PyJWK | None:
        """Return a public key."""
        return await self._signer.get(key_id)

    def jwks(self) -> bytes:
        """Return the public keys, as JSON."""
        return self._signer.jwks()
