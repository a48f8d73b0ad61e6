"""RTF (Rich Text Format 1.9.1): its text, without markup, hidden and deleted words, and objects."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from service_kit.charsets import decode

from ingest_svc.adapters.extraction.parts import Parts
from ingest_svc.adapters.extraction.plain import text_parts
from ingest_svc.domain.failure import FailureCode

_TOKEN = re.compile(
    r"\\(?P<word>[A-Za-z]{1,32})(?P<number>-?\d{1,9})? ?|\\'(?P<byte>[0-9A-Fa-f]{2})"
    r"|\\(?P<symbol>[^A-Za-z])|(?P<brace>[{}])|(?P<text>[^\\{}\r\n]+)|[\r\n]+|\\",
    re.DOTALL,
)
_TEXT_OF_WORD = {
    "par": "\n", "line": "\n", "row": "\n", "sect": "\n\n", "page": "\n\n", "tab": "\t",
    "cell": "\t", "nestcell": "\t", "nestrow": "\n", "emdash": "\u2014", "endash": "\u2013",
    "bullet": "\u2022", "lquote": "\u2018", "rquote": "\u2019", "ldblquote": "\u201c",
    "rdblquote": "\u201d", "emspace": " ", "enspace": " ", "qmspace": " ",
}  # fmt: skip
_TEXT_OF_SYMBOL = {
    "~": "\u00a0", "_": "\u2011", "{": "{", "}": "}", "\\": "\\", "\n": "\n", "\r": "\n",
}  # fmt: skip
_NO_TEXT_WORDS = """
fonttbl colortbl stylesheet info pict object header headerl headerr headerf footer footerl footerr
footerf listtable listoverridetable rsidtbl themedata datastore xmlnstbl fldinst filetbl revtbl
"""
_NO_TEXT = frozenset(_NO_TEXT_WORDS.split())
"""Destinations whose text is not part of the document's."""
_CHARSETS = {
    77: "macintosh", 128: "cp932", 129: "cp949", 134: "cp936", 136: "cp950", 161: "windows-1253",
    162: "windows-1254", 163: "windows-1258", 177: "windows-1255", 178: "windows-1256",
    186: "windows-1257", 204: "windows-1251", 222: "windows-874", 238: "windows-1250",
}  # fmt: skip
"""Of a font, by its number in the file; others have the document's."""
_CODE_PAGES = {"ansi": "windows-1252", "mac": "macintosh"}


@dataclass(frozen=True, slots=True)
class _State:
    """What holds until the group ends."""

    is_text: bool = True
    is_hidden: bool = False
    is_deleted: bool = False
    in_fonts: bool = False
    font: int = -1
    skipped: int = 1
    """How many characters follow a Unicode one for programs that do not know those."""


@dataclass(slots=True)
class _Reader:
    """Reads the tokens in order, and collects text."""

    charset: str = "windows-1252"
    fonts: dict[int, str] = field(default_factory=dict[int, str])
    states: list[_State] = field(default_factory=lambda: [_State()])
    pieces: list[str] = field(default_factory=list[str])
    data: bytearray = field(default_factory=bytearray)
    """What is not decoded yet: a character may have several bytes."""
    to_skip: int = 0
    binary_until: int = 0

    @property
    def state(self) -> _State:
        return self.states[-1]

    def read(self, text: str) -> str:
        for token in _TOKEN.finditer(text):
            if token.start() >= self.binary_until:
                self._take(token)
        self._decode()
        joined = "".join(self.pieces)
        return joined.encode("utf-16", "surrogatepass").decode("utf-16", "replace")

    def _take(self, token: re.Match[str]) -> None:
        if token["brace"]:
            self._group(token["brace"])
        elif token["word"]:
            number = token["number"]
            self._word(token["word"], None if number is None else int(number), token.end())
        elif token["byte"]:
            self._write_bytes(bytes.fromhex(token["byte"]))
        elif token["symbol"] == "*":
            self._set(is_text=False)
        elif token["symbol"]:
            self._write(_TEXT_OF_SYMBOL.get(token["symbol"], ""))
        elif token["text"]:
            self._write_bytes(token["text"].encode("latin-1", "replace"))

    def _group(self, brace: str) -> None:
        self._decode()
        self.to_skip = 0
        if brace == "{":
            self.states.append(self.state)
        elif len(self.states) > 1:
            self.states.pop()

    def _word(self, word: str, number: int | None, end: int) -> None:
        is_on = number != 0
        match word:
            case "u" if number is not None:
                self._write(chr(number % 65_536))
                self.to_skip = self.state.skipped
            case "uc":
                self._set(skipped=number or 0)
            case "bin":
                self.binary_until = end + max(number or 0, 0)
            case "v":
                self._set(is_hidden=is_on)
            case "deleted" | "mvf":  # moved away from here
                self._set(is_deleted=is_on)
            case "plain":
                self._set(is_hidden=False, is_deleted=False)
            case _ if word in _NO_TEXT:
                self._set(is_text=False, in_fonts=word == "fonttbl")
            case _:
                self._charset_word(word, number)
                self._write(_TEXT_OF_WORD.get(word, ""))

    def _charset_word(self, word: str, number: int | None) -> None:
        if word == "f":
            self._set(font=number or 0)
        elif word == "fcharset" and self.state.in_fonts and number in _CHARSETS:
            self.fonts[self.state.font] = _CHARSETS[number]
        elif word == "ansicpg" and number:
            self.charset = f"windows-{number}"
        elif word in _CODE_PAGES:
            self.charset = _CODE_PAGES[word]

    def _set(self, **values: bool | int) -> None:
        self._decode()
        self.states[-1] = replace(self.state, **values)

    def _is_shown(self) -> bool:
        return self.state.is_text and not self.state.is_hidden and not self.state.is_deleted

    def _write_bytes(self, data: bytes) -> None:
        skipped = min(self.to_skip, len(data))
        self.to_skip -= skipped
        if self._is_shown():
            self.data += data[skipped:]

    def _write(self, text: str) -> None:
        if text and self._is_shown():
            self._decode()
            self.pieces.append(text)

    def _decode(self) -> None:
        if self.data:
            charset = self.fonts.get(self.state.font, self.charset)
            self.pieces.append(decode(bytes(self.data), charset).text)
            self.data.clear()


def read_rtf(path: Path) -> Parts:
    """Return the text of an RTF file, cited by line."""
    text = _Reader().read(path.read_bytes().decode("latin-1"))
    return Parts(text_parts(_tidy(text)), None, FailureCode.NO_TEXT)


def _tidy(text: str) -> str:
    lines: Iterator[str] = (line.rstrip() for line in text.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")
