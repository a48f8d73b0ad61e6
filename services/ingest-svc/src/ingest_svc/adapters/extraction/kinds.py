"""What kind of file it is, by its content; the name only tells kinds of text apart."""

import re
import zipfile
from pathlib import Path

from ingest_svc.domain.failure import FailureCode, FileFailedError

HEAD_BYTES = 4_096
MAX_UNPACKED_BYTES = 300 * 1024 * 1024
_PDF = b"%PDF-"
_RTF = b"{\\rtf"
_ZIP = b"PK\x03\x04"
_OLE2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""Old Office files; also the envelope of encrypted new ones ([MS-OFFCRYPTO] 2.1)."""
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_OFFICE = {"word/": "docx", "ppt/": "pptx", "xl/": "xlsx"}
PACKED = {"pdf", "docx", "pptx", "xlsx"}
"""Kinds whose files are smaller than what is read of them."""
_TEXTS = {"md": "md", "markdown": "md", "csv": "csv", "html": "html", "htm": "html", "eml": "eml"}
_HTML = re.compile(
    rb"\s*+(?:<!--(?>.*?-->)\s*+)*+<(?:!doctype html|html|head|body)\b", re.IGNORECASE | re.DOTALL
)
"""Nothing is tried twice: a comment ends at its first end, and stays read."""
_HEADER = re.compile(
    rb"^(?:From|To|Subject|Date|Received|Return-Path|Message-ID|MIME-Version|Delivered-To):",
    re.IGNORECASE | re.MULTILINE,
)


def sniff(path: Path, name: str) -> str:
    """Return `pdf docx pptx xlsx rtf html md txt csv` or `eml`; txt may still be binary.

    Raises:
        FileFailedError: empty, encrypted, corrupted, unsupported, or too large unpacked.
    """
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    suffix = name.rpartition(".")[2].lower()
    if not head:
        raise FileFailedError(FailureCode.EMPTY)
    if _PDF in head[:1024]:
        return "pdf"
    if head.startswith(_ZIP):
        return _office(path)
    if head.startswith(_OLE2):
        is_encrypted = _ENCRYPTED in path.read_bytes()
        raise FileFailedError(FailureCode.ENCRYPTED if is_encrypted else FailureCode.UNSUPPORTED)
    if head.startswith(_RTF):
        return "rtf"
    if suffix in PACKED and head.strip():
        raise FileFailedError(FailureCode.CORRUPTED, f"It is no {suffix.upper()} file.")
    return _text(head, suffix)


def _text(head: bytes, suffix: str) -> str:
    if suffix in _TEXTS:
        return _TEXTS[suffix]
    if _HTML.match(head):
        return "html"
    if suffix != "txt" and len(_HEADER.findall(head.partition(b"\n\n")[0])) >= 3:
        return "eml"
    return "txt"


def _office(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise FileFailedError(FailureCode.CORRUPTED) from error
    if sum(member.file_size for member in members) > MAX_UNPACKED_BYTES:
        raise FileFailedError(FailureCode.TOO_LARGE)
    names = [member.filename for member in members]
    for folder, kind in _OFFICE.items():
        if "[Content_Types].xml" in names and any(name.startswith(folder) for name in names):
            return kind
    raise FileFailedError(FailureCode.UNSUPPORTED, "It is an archive.")
