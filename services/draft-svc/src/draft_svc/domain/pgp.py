"""OpenPGP armour in the text of a mail (RFC 9580 §6 and §7)."""

import re

ENCRYPTED = "a PGP encrypted text"

_ENCRYPTED_START = "-----BEGIN PGP MESSAGE-----"
_SIGNED_START = re.compile(
    r"^-----BEGIN PGP SIGNED MESSAGE-----\n(?:[A-Z][A-Za-z]{1,20}: [^\n]*\n)*\n?",
    re.MULTILINE,
)
_BLOCK = re.compile(
    r"^-----BEGIN PGP (SIGNATURE|MESSAGE|PUBLIC KEY BLOCK)-----\n(?:(?!-----END PGP)[^\n]*\n)*"
    r"(?:-----END PGP [^\n]*|[^\n]*\Z)",
    re.MULTILINE,
)
_DASH_ESCAPE = re.compile(r"^- (?=-)", re.MULTILINE)


def is_encrypted(text: str) -> bool:
    """Return whether `text` contains a PGP message."""
    return _ENCRYPTED_START in text


def without_armour(text: str) -> str:
    """Return `text` without signatures, keys and encrypted messages; signed words stay."""
    if "-----BEGIN PGP" not in text:
        return text
    signed = _SIGNED_START.search(text)
    bare = _BLOCK.sub("", _SIGNED_START.sub("", text))
    return _DASH_ESCAPE.sub("", bare) if signed else bare
