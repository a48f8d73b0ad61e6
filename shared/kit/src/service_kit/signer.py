"""Signs tokens with an Ed25519 key, and publishes what verifies them (JWKS, RFC 7517)."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Self

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import OKPAlgorithm

from service_kit.principal import Principal

_END = b"-----END PRIVATE KEY-----"


class Signer:
    """Makes the tokens of one issuer."""

    def __init__(self, keys: Sequence[Ed25519PrivateKey]) -> None:
        """Take the key that signs, and after it those that signed before, or will."""
        self._keys = {_key_id(key): key for key in keys}
        self._key_id = _key_id(keys[0])

    @classmethod
    def of_pem(cls, pem: bytes) -> Self:
        """Return the signer with the keys in `pem` (PKCS #8, one after the other).

        Raises:
            ValueError: there is no key, or one that is not Ed25519. No key is repeated.
        """
        blocks = [part + _END for part in pem.split(_END)[:-1]]
        if not blocks:
            raise ValueError("there is no private key in PEM")
        keys = list[Ed25519PrivateKey]()
        for block in blocks:
            try:
                key = serialization.load_pem_private_key(block.strip(), password=None)
            except ValueError:
                raise ValueError("a private key cannot be read") from None
            if not isinstance(key, Ed25519PrivateKey):
                raise ValueError("a private key is not Ed25519")  # noqa: TRY004 — as the others
            keys.append(key)
        return cls(keys)

    def sign(
        self,
        principal: Principal,
        *,
        issuer: str,
        audience: str,
        issued_at: datetime,
        lifetime: timedelta,
    ) -> str:
        """Return a token for `principal`."""
        claims = {
            "iss": issuer,
            "aud": audience,
            "sub": principal.subject,
            "workspace_id": principal.workspace_id,
            "role": principal.role,
            "iat": issued_at,
            "exp": issued_at + lifetime,
        }
        return self.sign_claims(claims)

    def sign_claims(self, claims: dict[str, Any]) -> str:
        """Return a token with these claims alone."""
        key = self._keys[self._key_id]
        return jwt.encode(claims, key, "EdDSA", headers={"kid": self._key_id})

    async def get(self, key_id: str) -> jwt.PyJWK | None:
        """Return a public key: for `Tokens`, which need not ask where they are published."""
        return self.public(key_id)

    def public(self, key_id: str) -> jwt.PyJWK | None:
        """Return a public key; None: it is none of these."""
        key = self._keys.get(key_id)
        return None if key is None else jwt.PyJWK(_published(key))

    def jwks(self) -> bytes:
        """Return the public keys, as JSON."""
        return json.dumps({"keys": [_published(key) for key in self._keys.values()]}).encode()


def _key_id(key: Ed25519PrivateKey) -> str:
    return sha256(key.public_key().public_bytes_raw()).hexdigest()[:16]


def _published(key: Ed25519PrivateKey) -> dict[str, Any]:
    public = OKPAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return {**public, "kid": _key_id(key), "use": "sig", "alg": "EdDSA"}
