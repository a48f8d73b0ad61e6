"""E-mail addresses, as they are compared."""

import unicodedata
from email.utils import parseaddr

from service_kit.templates import is_missing

MAX_ADDRESS_CHARS = 320
"""RFC 3696, erratum 1690: 64 before the @, 255 after it."""


def fold_address(email: str | None) -> str | None:
    """Return what two spellings of an address share; None: it is no address.

    Case, names around it (`Lea <lea@lead.example>`), `mailto:`, space and the two spellings of a
    domain (`xn--…`) make no difference.
    """
    if email is None or is_missing(email):
        return None
    text = unicodedata.normalize("NFKC", email).strip().removeprefix("mailto:")
    address = (parseaddr(text)[1] if "<" in text else text).strip(" <>\t\r\n").casefold()
    name, at, domain = address.rpartition("@")
    if not (name and at and domain) or len(address) > MAX_ADDRESS_CHARS or " " in address:
        return None
    return f"{name}@{_ascii(domain.rstrip('.'))}"


def _ascii(domain: str) -> str:
    try:
        return domain.encode("idna").decode()
    except UnicodeError:
        return domain
