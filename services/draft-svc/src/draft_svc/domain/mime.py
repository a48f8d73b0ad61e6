"""Raw e-mail (RFC 5322, MIME) as the text that its sender meant to be read.

The standard library reads headers and encodings. Splitting the parts is done here, to a fixed
depth: its own splitter is recursive and checks every line against every open boundary, so nested
multiparts cost seconds or a RecursionError.
"""

import binascii
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from email.parser import HeaderParser
from email.utils import unquote
from itertools import zip_longest
from typing import NamedTuple

from persona_model.plain_text import plain_text
from service_kit.charsets import declared_in_markup, decode
from service_kit.subjects import decoded_subject

from draft_svc.domain.html_text import html_text

MAX_DEPTH = 8
"""Multiparts inside multiparts; real mail has up to four (signed, mixed, related, alternative)."""
MAX_PARTS = 100
MAX_HEADER_CHARS = 65_536
"""Of one part; what comes after is not read as a header."""
MAX_FIELD_CHARS = 4_000
"""Of one header field that is taken apart: the library's parsing of parameters is quadratic."""

_HEADER_END = re.compile(r"\r?\n\r?\n")
_UNTYPED = frozenset({"application/octet-stream", "application/x-unknown"})
_FILE_NAME = re.compile(r"filename=\"?([^\";\s]{1,200})", re.IGNORECASE)
_NOT_BASE64 = re.compile(r"[^A-Za-z0-9+/]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """What can be read of a raw e-mail."""

    text: str
    subject: str | None
    unreadable: str | None
    """What holds the words if no readable part does, such as "an encrypted part"."""


def read_mail(raw_email: str, *, with_signature: bool = False) -> Mail:
    """Return the readable text of `raw_email`, history marked as in `html_text`, and its subject.

    Attachments, named text parts beside others and attached mails are left out. The text is empty
    when there is no text part. `with_signature` is that of `html_text`.
    """
    headers, body = _split_headers(raw_email.lstrip("\r\n"))
    reader = _PartReader(with_signature=with_signature)
    text = reader.text_of(headers, body, MAX_DEPTH)
    return Mail(text=plain_text(text), subject=_subject(headers), unreadable=reader.unreadable)


class _PartReader:
    """Reads the text parts of one mail; stops opening parts after MAX_PARTS."""

    def __init__(self, *, with_signature: bool) -> None:
        self._with_signature = with_signature
        self._parts_left = MAX_PARTS
        self.unreadable: str | None = None

    def text_of(self, headers: Message, body: str, depth: int) -> str:
        """Return the text of one part and of the parts in it."""
        kind = headers.get_content_type()
        self.unreadable = self.unreadable or _unreadable(headers, kind)
        if headers.get_content_disposition() == "attachment":
            return ""
        match kind:
            case "text/html":
                html = _transfer_decoded(headers, body)
                return html_text(html, with_signature=self._with_signature)
            case "text/plain":
                return _transfer_decoded(headers, body)
            case "multipart/alternative":
                # RFC 2046 §5.1.4: the last form that can be shown is the richest.
                return next(reversed(self._texts(headers, body, depth)), "")
            case _:
                return "\n\n".join(self._texts(headers, body, depth))

    def _texts(self, headers: Message, body: str, depth: int) -> list[str]:
        boundary = _parameter(headers, "boundary")
        if headers.get_content_maintype() != "multipart" or not boundary or depth == 0:
            return []
        lines = list(_delimiters(body, boundary))
        texts: list[str] = []
        named: list[str] = []
        for here, after in zip_longest(lines, lines[1:]):
            if here.is_last or self._parts_left == 0:
                break
            self._parts_left -= 1
            part = body[here.end : after.start if after else None]
            part_headers, part_body = _split_headers(part)
            text = self.text_of(part_headers, part_body, depth - 1)
            if text.strip():
                (named if _has_file_name(part_headers) else texts).append(text)
        return texts or named


class _Delimiter(NamedTuple):
    """A line between two parts, or behind the last one."""

    start: int
    end: int
    is_last: bool


def _delimiters(body: str, boundary: str) -> Iterator[_Delimiter]:
    mark, at = f"--{boundary}", 0
    while (start := body.find(mark, at)) != -1:
        at = start + len(mark)
        if start > 0 and body[start - 1] != "\n":
            continue
        end = body.find("\n", at) + 1 or len(body)
        rest = body[at:end].rstrip(" \t\r\n")
        if rest in {"", "--"}:
            yield _Delimiter(start, end, is_last=bool(rest))


def _unreadable(headers: Message, kind: str) -> str | None:
    """Return what a part is that holds words out of reach; some have a name, but no type."""
    name = _file_name(headers) if kind in _UNTYPED else ""
    if kind in {"application/ms-tnef", "application/vnd.ms-tnef"} or name == "winmail.dat":
        return "Outlook's own format (TNEF, winmail.dat)"
    if kind in {"application/pkcs7-mime", "application/x-pkcs7-mime"} or name.endswith(".p7m"):
        is_signed = _parameter(headers, "smime-type").lower() == "signed-data"
        return "an opaque S/MIME signature" if is_signed else "an S/MIME encrypted part"
    if kind == "application/x-microsoft-rpmsg-message" or name.endswith(".rpmsg"):
        return "a mail whose rights are managed (rpmsg)"
    is_pgp = kind in {"multipart/encrypted", "application/pgp-encrypted"}
    return "a PGP encrypted part" if is_pgp else None


def _file_name(headers: Message) -> str:
    disposition = str(headers.get("content-disposition", ""))[:MAX_FIELD_CHARS]
    found = _FILE_NAME.search(disposition)
    return (found[1] if found else _parameter(headers, "name")).strip().lower()


def _has_file_name(headers: Message) -> bool:
    """Return whether a part is a file: some programs send text files as `inline`."""
    if headers.get_content_maintype() == "multipart":
        return False
    disposition = str(headers.get("content-disposition", ""))[:MAX_FIELD_CHARS]
    return "filename" in disposition.lower() or bool(_parameter(headers, "name"))


def _split_headers(part: str) -> tuple[Message, str]:
    end = _HEADER_END.search(part, 0, MAX_HEADER_CHARS)
    head = part[: end.end() if end else MAX_HEADER_CHARS]
    headers = HeaderParser().parsestr(head.encode(errors="replace").decode())
    not_headers = str(headers.get_payload())
    start = len(head) - len(not_headers)
    return headers, part[start:]


def _subject(headers: Message) -> str:
    return decoded_subject(str(headers.get("subject", "")))


def _parameter(headers: Message, name: str) -> str:
    if len(str(headers.get("content-type", ""))) > MAX_FIELD_CHARS:
        return ""
    value = headers.get_param(name, "")
    if isinstance(value, tuple):
        # RFC 2231: the library would look any charset up, and keep each name that it does not know.
        charset, _, text = value
        return decode(text.encode("raw-unicode-escape"), charset).text.strip()
    return unquote(str(value)).strip()


def _transfer_decoded(headers: Message, body: str) -> str:
    """Undo the transfer encoding; an unencoded body may be text already, or one char per byte."""
    declared = _parameter(headers, "charset")
    encoding = str(headers.get("content-transfer-encoding", "")).strip().lower()
    if encoding == "base64":
        digits = _NOT_BASE64.sub("", body.partition("=")[0])
        digits = digits[: len(digits) - (len(digits) % 4 == 1)]
        return _text(headers, binascii.a2b_base64(digits + "=" * (-len(digits) % 4)), declared)
    try:
        data = body.encode("latin-1", errors="surrogateescape")
    except UnicodeEncodeError:
        data = body.encode(errors="replace")
        declared = "utf-8"
    if encoding == "quoted-printable":
        return _text(headers, quopri.decodestring(data), declared)
    # One char per byte cannot have come through as UTF-16: this is text already.
    is_text = declared.lower().startswith(("utf-16", "utf-32"))
    return body if is_text else _text(headers, data, declared)


def _text(headers: Message, data: bytes, declared: str) -> str:
    if not declared and headers.get_content_subtype() in {"html", "xml"}:
        return decode(data, declared_in_markup(data)).text
    return decode(data, declared).text
