"""Tokens of one's own for the embedded profile; production has an identity provider."""

import contextlib
import os
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from service_kit.clock import utc_now
from service_kit.principal import Principal
from service_kit.signer import Signer

if TYPE_CHECKING:  # settings load all that a service needs
    from service_kit.settings import Profile

LIFETIME = timedelta(hours=24)
PRIVATE_KEY_FILE = "token-signing-key.pem"
JWKS_FILE = "jwks.json"


class EmbeddedProfileOnlyError(Exception):
    """This exists in the embedded profile only; in production the identity provider signs."""


def ensure_dev_keys(data_dir: Path, profile: "Profile") -> str:
    """Return the `file://` URL of the keys in `data_dir`, made (Ed25519) when there are none.

    Processes that start at the same time agree on one key.

    Raises:
        EmbeddedProfileOnlyError: the profile is production.
    """
    if profile != "embedded":
        raise EmbeddedProfileOnlyError("set DRAMATIS_JWKS_URL to your identity provider's keys")
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    private_path, jwks_path = data_dir / PRIVATE_KEY_FILE, data_dir / JWKS_FILE
    with TemporaryDirectory(dir=data_dir) as folder:  # mode 0700
        if not private_path.exists():
            made = Path(folder) / PRIVATE_KEY_FILE
            made.touch(mode=0o600)
            made.write_bytes(_pem(Ed25519PrivateKey.generate()))
            with contextlib.suppress(FileExistsError):
                os.link(made, private_path)
        published = Path(folder) / JWKS_FILE
        published.touch(mode=0o600)
        published.write_bytes(embedded_signer(data_dir).jwks())
        published.replace(jwks_path)
    return jwks_path.resolve().as_uri()


def issue_token(
    data_dir: Path, principal: Principal, *, profile: "Profile", issuer: str, audience: str
) -> str:
    """Return a token for `principal` that is valid for 24 hours.

    Raises:
        EmbeddedProfileOnlyError: the profile is production.
    """
    ensure_dev_keys(data_dir, profile)
    return embedded_signer(data_dir).sign(
        principal, issuer=issuer, audience=audience, issued_at=utc_now(), lifetime=LIFETIME
    )


def embedded_signer(data_dir: Path) -> Signer:
    """Return who signs with the key that `ensure_dev_keys` has made in `data_dir`."""
    return Signer.of_pem((data_dir / PRIVATE_KEY_FILE).read_bytes())


def _pem(key: Ed25519PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
