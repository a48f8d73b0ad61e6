"""HTML mail as plain text in which history is marked the way plain-text mail marks it.

lxml calls back for each tag and builds no tree, so depth and mis-nested tags cost neither stack nor
memory; an HTML5 tree builder lets half a megabyte of formatting tags grow to gigabytes.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol, cast

from lxml.etree import (  # pyright: ignore[reportAttributeAccessIssue] - lxml ships no types
    HTMLParser,  # pyright: ignore[reportUnknownVariableType] - lxml ships no types
)

from draft_svc.domain.plain_text import plain_text

HISTORY_MARK = "-----Original Message-----"
"""Outlook's own line above history; stands here for every element that starts history."""

_UNSEEN_TAGS = frozenset(
    "applet audio canvas datalist embed frameset head iframe map math noembed noframes noscript"
    " object script select style svg template textarea title video".split()
)
_BLOCK_TAGS = frozenset(
    "address article aside blockquote body center dd details div dl dt fieldset figure footer form"
    " h1 h2 h3 h4 h5 h6 header hr li main nav ol p pre section table tbody tfoot thead tr ul".split()
)
_SPACED_TAGS = frozenset("blockquote h1 h2 h3 h4 h5 h6 hr ol p pre table ul".split())
_CELL_TAGS = frozenset({"td", "th"})
_HIDING_STYLE = re.compile(
    r"display:none|visibility:hidden|mso-hide:all"
    r"|(?:font-size|max-height|opacity):0(?:\.0+)?(?:px|pt|em|rem|%)?(?:[;!]|$)"
)
_TIGHT_STYLE = re.compile(r"(?:^|;)margin:0")
_INDENT_STYLE = re.compile(r"(?:^|;)border:(?:none|0)")
"""How Gmail and Apple Mail write the indent button, which is not a quote."""
_OUTLOOK_BORDER = re.compile(r"border-top:solid#(?:e1e1e1|b5c4df)")
_HISTORY_NAMES = re.compile(
    r"(?:^|\s)(?:x_)*(?:divrplyfwdmsg|outlookmessageheader|\S*yahoo_quoted|zmail_extra|reply-intro"
    r"|mail-editor-reference-message-container)(?:\s|$)"
)
_SIGNATURE_NAMES = re.compile(
    r"(?:^|\s)(?:x_)*(?:gmail_signature|moz-signature|applemailsignature|signature"
    r"|ms-outlook-mobile-signature|protonmail_signature_block|tutanota_signature)(?:\s|$)"
)
_RUN_OF_SPACE = re.compile(r"\s+")


class _Role(Enum):
    """What an open element does to the text in it."""

    PLAIN = auto()
    UNSEEN = auto()
    QUOTE = auto()
    PRE = auto()


@dataclass(frozen=True, slots=True)
class _Element:
    role: _Role
    is_spaced: bool


class _Parser(Protocol):
    def feed(self, data: bytes) -> None: ...
    def close(self) -> str: ...


def html_text(html: str) -> str:
    """Return the words of `html` that a reader sees, without the sender's marked signature.

    Quoted lines start with `>`; `HISTORY_MARK` stands where a mail program marked the start of
    history. Scripts, styles, comments and hidden elements are gone; nothing is ever fetched.
    """
    parser = cast("_Parser", HTMLParser(target=_TextTarget(), encoding="utf-8"))
    parser.feed(plain_text(html).encode())
    return plain_text(parser.close())


class _TextTarget:
    """Receives tags and text from lxml and collects lines."""

    def __init__(self) -> None:
        self._open: list[_Element] = []
        self._depth = dict.fromkeys(_Role, 0)
        self._lines: list[str] = []
        self._pieces: list[str] = []
        self._wants_blank = False

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        style = _RUN_OF_SPACE.sub("", attributes.get("style", "")).lower()
        names = f"{attributes.get('class', '')} {attributes.get('id', '')}".lower()
        is_tight = "msonormal" in names or _TIGHT_STYLE.search(style) is not None
        element = _Element(
            _role(tag, style, names, attributes), tag in _SPACED_TAGS and not is_tight
        )
        if not self._depth[_Role.UNSEEN]:
            self._begin(tag, element)
            if _HISTORY_NAMES.search(names) or _OUTLOOK_BORDER.search(style):
                self._end_block(element)
                self._emit(HISTORY_MARK)
        self._open.append(element)
        self._depth[element.role] += 1

    def end(self, tag: str) -> None:
        element = self._open.pop()
        if not self._depth[_Role.UNSEEN] and tag in _BLOCK_TAGS:
            self._end_block(element)
        self._depth[element.role] -= 1

    def data(self, text: str) -> None:
        if self._depth[_Role.UNSEEN]:
            return
        first, *rest = text.split("\n") if self._depth[_Role.PRE] else [text]
        self._pieces.append(first)
        for line in rest:
            self._end_line()
            self._pieces.append(line)

    def close(self) -> str:
        self._end_block(_Element(_Role.PLAIN, is_spaced=False))
        return "\n".join(self._lines)

    def _begin(self, tag: str, element: _Element) -> None:
        if tag in _BLOCK_TAGS:
            self._end_block(element)
        if tag == "br":
            self._end_line()
        elif tag in _CELL_TAGS:
            self._pieces.append(" ")
        elif tag == "li":
            self._pieces.append("- ")

    def _end_block(self, element: _Element) -> None:
        """End the line if there is one; a line of hard spaces is an empty one that was meant."""
        written = "".join(self._pieces)
        if written.strip() or "\xa0" in written:
            self._end_line()
        self._pieces.clear()
        self._wants_blank |= element.is_spaced

    def _end_line(self) -> None:
        line = "".join(self._pieces)
        self._pieces.clear()
        self._emit(line if self._depth[_Role.PRE] else _RUN_OF_SPACE.sub(" ", line).strip())

    def _emit(self, line: str) -> None:
        mark = ">" if self._depth[_Role.QUOTE] else ""
        if self._wants_blank and line:
            self._lines.append(mark)
        self._wants_blank = self._wants_blank and not line
        self._lines.append(mark + line)


def _role(tag: str, style: str, names: str, attributes: Mapping[str, str]) -> _Role:
    is_hidden = "hidden" in attributes or _HIDING_STYLE.search(style) is not None
    if tag in _UNSEEN_TAGS or is_hidden or _SIGNATURE_NAMES.search(names):
        return _Role.UNSEEN
    is_indent = _INDENT_STYLE.search(style) is not None and attributes.get("type") != "cite"
    if "protonmail_quote" in names or (tag == "blockquote" and not is_indent):
        return _Role.QUOTE
    return _Role.PRE if tag == "pre" else _Role.PLAIN
