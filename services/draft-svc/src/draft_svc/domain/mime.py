"""Raw e-mail (RFC 5322, MIME) to the text its sender meant to be read.

The standard library reads headers and encodings. Splitting the parts is done here, to a fixed
depth: its own splitter is recursive and checks every line against every open boundary, so nested
multiparts cost seconds or a RecursionError.
"""

import binascii
import codecs
import quopri
import re
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.parser import HeaderParser
from email.utils import collapse_rfc2231_value
from itertools import zip_longest

from draft_svc.domain.html_text import html_text
from draft_svc.domain.plain_text import plain_text

MAX_DEPTH = 8
"""Multiparts inside multiparts; real mail has up to four (signed, mixed, related, alternative)."""
MAX_PARTS = 100
MAX_HEADER_CHARS = 65_536
"""Of one part; what comes after is not read as a header."""
MAX_FIELD_CHARS = 4_000
"""Of one header field that is taken apart: the library's parsing of parameters is quadratic."""

_TEXT_CODEC = re.compile(
    r"ascii|utf-(?:7|8|16|32)|iso|cp\d|gb|big5|euc|shift|koi8|mac-|hz$|johab|tis"
)
"""Charsets among Python's codecs, as `codecs.lookup` spells them; others are not for mail."""
_ONE_BYTE_CODEC = re.compile(r"ascii|iso8859|cp125\d|utf-8")
_LATIN_CODEC = re.compile(r"ascii|iso8859-1$|utf-8")
_HEADER_END = re.compile(r"\r?\n\r?\n")
_NOT_BASE64 = re.compile(r"[^A-Za-z0-9+/]")


def read_mail(raw_email: str) -> tuple[str, str | None]:
    """Return the readable text of `raw_email`, history marked as in `html_text`, and its subject.

    Attachments and attached mails are left out. The text is empty when there is no text part.
    """
    headers, body = _split_headers(raw_email.lstrip("\r\n"))
    return plain_text(_PartReader().text_of(headers, body, MAX_DEPTH)), _subject(headers)


def decode(data: bytes, charset: str) -> str:
    """Return `data` as text: a wrong or unknown `charset` gives the likely text, not an error.

    Bytes that are valid UTF-8 are UTF-8 whatever single-byte charset is named, and ISO 8859-1 is
    read as windows-1252 (WHATWG Encoding §4.2).
    """
    name = _codec_name(charset)
    if _ONE_BYTE_CODEC.match(name):
        try:
            return data.decode()
        except UnicodeDecodeError:
            name = "cp1252" if _LATIN_CODEC.match(name) else name
    return data.decode(name, errors="replace")


class _PartReader:
    """Reads the text parts of one mail; stops opening parts after MAX_PARTS."""

    def __init__(self) -> None:
        self._parts_left = MAX_PARTS

    def text_of(self, headers: Message, body: str, depth: int) -> str:
        """Return the text of one part and of the parts in it."""
        if headers.get_content_disposition() == "attachment":
            return ""
        match headers.get_content_type():
            case "text/html":
                return html_text(_transfer_decoded(headers, body))
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
        line = re.compile(rf"^--{re.escape(boundary)}(--)?[ \t]*(?:\r?\n|\Z)", re.MULTILINE)
        lines = list(line.finditer(body))
        texts: list[str] = []
        for here, after in zip_longest(lines, lines[1:]):
            if here[1] or self._parts_left == 0:
                break
            self._parts_left -= 1
            part = body[here.end() : after.start() if after else None]
            texts.append(self.text_of(*_split_headers(part), depth - 1))
        return [text for text in texts if text.strip()]


def _split_headers(part: str) -> tuple[Message, str]:
    end = _HEADER_END.search(part, 0, MAX_HEADER_CHARS)
    head = part[: end.end() if end else MAX_HEADER_CHARS]
    headers = HeaderParser().parsestr(head.encode(errors="replace").decode())
    not_headers = str(headers.get_payload())
    start = len(head) - len(not_headers)
    return headers, part[start:]


def _subject(headers: Message) -> str | None:
    field = str(headers.get("subject", ""))[:MAX_FIELD_CHARS]
    try:
        pieces = decode_header(field)
    except HeaderParseError:
        return field
    return "".join(
        piece if isinstance(piece, str) else decode(piece, charset or "ascii")
        for piece, charset in pieces
    )


def _parameter(headers: Message, name: str) -> str:
    if len(str(headers.get("content-type", ""))) > MAX_FIELD_CHARS:
        return ""
    try:
        return collapse_rfc2231_value(headers.get_param(name, "")).strip()
    except ValueError:  # a codec named in the field refuses its bytes
        return ""


def _codec_name(charset: str) -> str:
    try:
        name = codecs.lookup(charset).name
    except (LookupError, ValueError):
        return "ascii"
    return name if _TEXT_CODEC.match(name) else "ascii"


def _transfer_decoded(headers: Message, body: str) -> str:
    """Undo the transfer encoding; an unencoded body may be text already, or one char per byte."""
    charset = _parameter(headers, "charset") or "ascii"
    encoding = str(headers.get("content-transfer-encoding", "")).strip().lower()
    if encoding == "base64":
        digits = _NOT_BASE64.sub("", body.partition("=")[0])
        digits = digits[: len(digits) - (len(digits) % 4 == 1)]
        return decode(binascii.a2b_base64(digits + "=" * (-len(digits) % 4)), charset)
    try:
        data = body.encode("latin-1", errors="surrogateescape")
    except UnicodeEncodeError:
        data = body.encode(errors="replace")
        charset = "utf-8"
    if encoding == "quoted-printable":
        return decode(quopri.decodestring(data), charset)
    return body if _codec_name(charset).startswith(("utf-16", "utf-32")) else decode(data, charset)
