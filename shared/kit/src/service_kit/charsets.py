"""Bytes to text as browsers read them: one rule for mails and files.

In this order: a byte order mark; what is declared (a header, HTML's `meta`, XML's declaration), by
the labels of the WHATWG Encoding Standard, under which `Shift_JIS` is windows-31j and `gb2312` is
gb18030; UTF-8, also with single bad bytes; a guess from the language of the whole text.
"""

import codecs
import re
from dataclasses import dataclass
from itertools import pairwise

import webencodings

MAX_LABEL_CHARS = 40
DECLARED_BYTES = 1_024
"""A `meta` element declares the charset within the first 1,024 bytes (WHATWG HTML §4.2.5.4)."""
GUESSED_BYTES = 200_000

CHECKED_BYTES = 20_000

_USUAL = (
    *("cp1252", "cp1250", "iso8859_2", "cp1254", "cp1257", "cp1251", "koi8_r", "cp866", "cp1253"),
    *("cp1255", "cp1256", "iso8859_5", "mac_roman"),
)
"""Charsets of one byte a character, those that more texts have first."""
_LATIN, _OTHER_SCRIPT = r"A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f", r"\u0370-\u06ff"
_ODD = re.compile(
    rf"[\x80-\x9f\u2500-\u259f\ufffd]|[{_LATIN}](?=[{_OTHER_SCRIPT}])|[{_OTHER_SCRIPT}](?=[{_LATIN}])"
    r"|(?<=[^\W\d_])[\u00a1-\u00a9\u00ab-\u00b4\u00b6-\u00b9\u00bb-\u00bf\u00d7\u00f7]{1,3}(?=[^\W\d_])"
)
"""Control and box characters, two scripts in a word, and signs within one."""
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_LABEL_OF_CODE_PAGE = {"932": "shift_jis", "936": "gbk", "949": "euc-kr", "950": "big5"}
_CODE_PAGE = re.compile(r"(?:cp|ms|windows-?|x-windows-|ibm)(932|936|949|950)")
_DOS_PAGE = re.compile(r"(?:cp|ibm|dos|oem|x-cp)-?(437|737|775|85[0257-8]|86[0-35]|869)")
_MAIL_ONLY = {
    "utf-7": "utf-7",
    "unicode-1-1-utf-7": "utf-7",
    "utf-32": "utf-32",
    "utf-32le": "utf-32-le",
    "utf-32be": "utf-32-be",
    "iso-2022-kr": "iso2022_kr",
    "hz-gb-2312": "hz",
}
"""Charsets of mails that browsers refuse, because scripts can hide in them; no script runs here.
So are the code pages of DOS, which old programs name."""
_NOT_DECLARED = frozenset({"", "ascii", "us-ascii", "ansi_x3.4-1968", "unknown-8bit", "x-unknown"})
_COMMENT = re.compile(rb"<!--.*?(?:-->|\Z)", re.DOTALL)
_META = re.compile(
    rb"<meta\b[^>]{0,500}?\bcharset\s*=\s*[\"']?\s*([A-Za-z0-9_:.-]+)", re.IGNORECASE
)
_XML = re.compile(rb"\A\s*<\?xml\b[^>]{0,200}?\bencoding\s*=\s*[\"']([A-Za-z0-9_:.-]+)")
_UNDECLARED = bytes.maketrans(b"<#~", b"  }")
"""Hides what chardet takes for a declaration, in EBCDIC too: it would look up whatever name it has,
and Python keeps each that it does not know. No character of several bytes becomes invalid.
"""
_JIS_ESCAPE = re.compile(rb"\x1b\$[@B]|\x1b\([IJ]")
_KOREAN_ESCAPE = b"\x1b$)C"
_JIS_RUN = re.compile(rb"\x1b(\$[@B]|\(.)|([^\x1b]+)|\x1b", re.DOTALL)
_EUC_CHARACTER = re.compile(
    rb"[\xa1-\xfe][\xa1-\xfe]|\x8e[\xa1-\xdf]|\x8f[\xa1-\xfe]{2}|[\x00-\x7f]+|.", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Decoded:
    """A text, the codec it was read with, and whether nothing but the bytes told which."""

    text: str
    charset: str
    is_guessed: bool


def decode(data: bytes, declared: str | None = None) -> Decoded:
    """Return `data` as text, without a byte order mark; `declared` is the sender's label, if any.

    What cannot be read is U+FFFD. Bytes that are UTF-8 are UTF-8 whatever single-byte charset is
    declared: mail gateways relabel what they do not look into.
    """
    for mark, charset in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return Decoded(_decoded(data[len(mark) :], charset), charset, is_guessed=False)
    charset, is_guessed = _charset_of(data, _codec_of(declared))
    return Decoded(_decoded(data, charset), charset, is_guessed=is_guessed)


def declared_in_markup(data: bytes) -> str | None:
    """Return the charset that an HTML or XML document declares for itself."""
    start = _COMMENT.sub(b"", data[:DECLARED_BYTES])
    found = _XML.match(start) or _META.search(start)
    if found is None:
        return None
    label = found[1].decode("ascii")
    # Read as ASCII so far: it cannot be UTF-16 (WHATWG HTML §13.2.3.2).
    return "utf-8" if label.lower().startswith("utf-16") else label


def _charset_of(data: bytes, named: str | None) -> tuple[str, bool]:
    """Return the codec to read `data` with, and whether it is a guess."""
    if named is not None and not _is_single_byte(named) and _fits(data, named):
        return named, False
    if (shown := _by_escapes(data) or _by_zeros(data)) is not None:
        return shown, shown.startswith("utf-16")
    if _is_utf_8(data):
        return "utf-8", False
    if named is not None and named != "utf-8":
        return named, False
    return _guess(data), True


def _fits(data: bytes, named: str) -> bool:
    """Return whether a declared multi-byte charset reads `data`, or UTF-8 reads it no better."""
    if named == "utf-8":
        return _is_utf_8(data)
    return "\ufffd" not in _decoded(data, named) or not _is_utf_8(data)


def _codec_of(label: str | None) -> str | None:
    """Return Python's name of a declared charset; None: it says nothing, or nothing known."""
    name = (label or "")[:MAX_LABEL_CHARS].strip().lower()
    if name in _NOT_DECLARED:
        return None
    if name in _MAIL_ONLY:
        return _MAIL_ONLY[name]
    if (dos_page := _DOS_PAGE.fullmatch(name)) is not None:
        return f"cp{dos_page[1]}"
    if (code_page := _CODE_PAGE.fullmatch(name)) is not None:
        name = _LABEL_OF_CODE_PAGE[code_page[1]]
    encoding = webencodings.lookup(name)
    if encoding is None or encoding.name in {"replacement", "x-user-defined"}:
        return None
    # WHATWG Encoding §10.1.1: gbk's decoder is that of gb18030.
    return "gb18030" if encoding.name == "gbk" else encoding.codec_info.name


def _is_single_byte(codec: str) -> bool:
    return codec.startswith(("cp125", "cp4", "cp7", "cp8", "iso8859", "koi8", "mac"))


def _by_escapes(data: bytes) -> str | None:
    if _JIS_ESCAPE.search(data):
        return "iso2022_jp"
    return "iso2022_kr" if _KOREAN_ESCAPE in data else None


def _by_zeros(data: bytes) -> str | None:
    """Return UTF-16 without a byte order mark by its zeros: every other byte of ASCII letters."""
    even, odd = data[: 2 * DECLARED_BYTES : 2], data[1 : 2 * DECLARED_BYTES : 2]
    if even.count(0) * 10 > 7 * len(even) and odd.count(0) * 10 < len(odd):
        return "utf-16-be"
    is_little = odd.count(0) * 10 > 7 * len(odd) and even.count(0) * 10 < len(even)
    return "utf-16-le" if is_little else None


def _is_utf_8(data: bytes) -> bool:
    """Return whether `data` is UTF-8, but perhaps for some bytes: more is right than wrong."""
    try:
        data.decode()
    except UnicodeDecodeError:
        text = data.decode(errors="replace")
        bad = text.count("\ufffd")
        return sum(char > "\x7f" for char in text) - bad > bad
    return True


def _guess(data: bytes) -> str:
    """Return the likely charset of a text that declares none and is not UTF-8.

    A guess under which words mix scripts or signs is checked against the other usual charsets.
    """
    import chardet  # noqa: PLC0415 — its models take 0.1 s, and few texts need them

    found = chardet.detect(
        data[:GUESSED_BYTES].translate(_UNDECLARED),
        encoding_era=chardet.EncodingEra.MODERN_WEB,
        prefer_superset=True,
        compat_names=False,
    )
    guess = found["encoding"] or "cp1252"
    if not _odd_places(data, guess):
        return guess
    return min((guess, *_USUAL), key=lambda codec: _odd_places(data, codec))


def _odd_places(data: bytes, codec: str) -> int:
    """Return how often a text has what no language has in a word, if read with `codec`."""
    text = _decoded(data[:CHECKED_BYTES], codec)
    capitals = sum(
        here.islower() and after.isupper() and after > "\x7f" for here, after in pairwise(text)
    )
    return capitals + len(_ODD.findall(text))


def _decoded(data: bytes, codec: str) -> str:
    if codec == "iso2022_jp":
        return "".join(_jis_text(data))
    if codec == "euc_jp":
        return "".join(map(_euc_character, _EUC_CHARACTER.findall(data)))
    text = data.decode(codec, errors="replace")
    return text.removeprefix("\ufeff")


def _jis_text(data: bytes) -> list[str]:
    """Read ISO-2022-JP with the characters that Microsoft and NEC added, as WHATWG has it."""
    pieces: list[str] = []
    charset = b"(B"
    for escape, run in _JIS_RUN.findall(data):
        if escape:
            charset = escape
        elif charset.startswith(b"$"):
            pieces.extend(_jis_pairs(run))
        elif charset == b"(I":
            pieces.append(bytes(byte | 0x80 for byte in run).decode("cp932", errors="replace"))
        else:
            pieces.append(run.decode("ascii", errors="replace"))
    return pieces


def _jis_pairs(run: bytes) -> list[str]:
    pieces: list[str] = []
    at = 0
    while at < len(run):
        if run[at] <= 0x20 or at + 1 == len(run):  # a line end needs no escape in practice
            pieces.append(chr(run[at]) if run[at] <= 0x20 else "\ufffd")
            at += 1
        else:
            pieces.append(_jis_character(run[at] & 0x7F, run[at + 1] & 0x7F))
            at += 2
    return pieces


def _euc_character(data: bytes) -> str:
    if len(data) == 2 and data[0] >= 0xA1:
        return _jis_character(data[0] & 0x7F, data[1] & 0x7F)
    return data.decode("euc_jp", errors="replace")


def _jis_character(row: int, cell: int) -> str:
    """Return a character of JIS X 0208 by way of windows-31j, which has the added rows too."""
    lead = (row - 0x21) // 2 + (0x81 if row < 0x5F else 0xC1)
    trail = cell + (0x1F if row % 2 and cell < 0x60 else 0x20 if row % 2 else 0x7E)
    return bytes((lead, trail)).decode("cp932", errors="replace") if lead <= 0xFF else "\ufffd"
