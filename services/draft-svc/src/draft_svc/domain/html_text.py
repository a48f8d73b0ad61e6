"""HTML mail as plain text in which history is marked the way plain-text mail marks it.

lxml calls back for each tag and builds no tree, so depth and mis-nested tags cost neither stack nor
memory. In an HTML5 tree, 30 kB of unclosed formatting tags took 1 GB (selectolax 1.0.2).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, auto
from typing import Protocol, cast

from lxml.etree import (  # pyright: ignore[reportAttributeAccessIssue] - lxml ships no types
    HTMLParser,  # pyright: ignore[reportUnknownVariableType] - lxml ships no types
)
from persona_model.plain_text import plain_text

from draft_svc.domain.html_limits import within_limits

HISTORY_MARK = "-----Original Message-----"
"""Outlook's own line above history; stands here for every element that starts history."""

_UNSEEN_TAG = re.compile(
    r"applet|audio|canvas|datalist|embed|frameset|head|iframe|map|math|noembed|noframes|noscript"
    r"|object|script|select|style|svg|template|textarea|title|video"
    r"|s|strike|del"  # struck out: the writer took it back
)
_BLOCK_TAG = re.compile(
    r"address|article|aside|blockquote|body|center|d[dlt]|details|div|fieldset|figure|footer|form"
    r"|h[1-6]|header|hr|li|main|nav|ol|p|pre|section|table|tbody|tfoot|thead|tr|ul"
)
_SPACED_TAG = re.compile(r"blockquote|h[1-6]|hr|ol|p|pre|table|ul")
_HIDING_STYLE = re.compile(
    r"display:none|visibility:hidden|mso-hide:all|text-decoration(?:-line)?:[^;]{0,80}line-through"
    r"|(?:font-size|max-height|opacity):0(?:\.0+)?(?:px|pt|em|rem|%)?(?:[;!]|$)"
)
_TIGHT_STYLE = re.compile(r"(?:^|;)margin(?:-bottom)?:0(?:\.0+)?(?:in|cm|px|pt)?(?:[;!]|$)")
_INDENT_STYLE = re.compile(r"(?:^|;)border:(?:none|0)")
"""How Gmail and Apple Mail write the indent button, which is not a quote."""
_COLOUR = r"(?:#e1e1e1|#b5c4df|rgba?\((?:225,225,225|181,196,223))"
_OUTLOOK_BORDER = re.compile(
    rf"(?:^|;)border-top:(?=[^;]{{0,80}}solid)[^;]{{0,80}}{_COLOUR}"
    rf"|(?:^|;)border-top-style:solid(?=.{{0,300}}border-top-color:{_COLOUR})"
    rf"|(?:^|;)border-top-color:{_COLOUR}(?=.{{0,300}}border-top-style:solid)"
    rf"|(?:^|;)border-style:solidnone(?=.{{0,300}}border-color:{_COLOUR})"
    rf"|(?:^|;)border-color:{_COLOUR}(?=.{{0,300}}border-style:solidnone)"
)
"""The line that Outlook draws above history, in each way to write it, its parts in any order."""
_HISTORY_NAME = re.compile(
    r"(?:x_){0,5}(?:divrplyfwdmsg|outlookmessageheader|zmail_extra|reply-intro"
    r"|mail-editor-reference-message-container|moz-forward-container|appendonsend|replysplit"
    r"|olk_src_body_section|orimsghtmlseperator|isforwardcontent|zwchr)|\S{0,20}yahoo_quoted"
)
_ATTRIBUTION_NAME = re.compile(r"(?:x_){0,5}(?:gmail_attr|moz-cite-prefix)")
"""What says who wrote the quoted words below; above forwarded ones it starts history."""
_SIGNATURE_NAME = re.compile(r"\S{0,40}signature\S{0,40}|\S{1,20}[-_]sign(?:[-_]\d{1,9})?")
_RUN_OF_SPACE = re.compile(r"\s+")


_ATTRIBUTES = ("style", "class", "id", "type", "hidden", "name")
_NO_VALUES = (None,) * len(_ATTRIBUTES)


class _Role(IntEnum):
    """What an open element does to the text in it."""

    PLAIN = auto()
    UNSEEN = auto()
    QUOTE = auto()
    ATTRIBUTION = auto()
    SIGNATURE = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Element:
    """An open element: what it does to its text and to the lines around it."""

    tag: str
    role: _Role
    is_block: bool
    is_spaced: bool
    starts_history: bool


class _Parser(Protocol):
    def feed(self, data: bytes) -> None: ...
    def close(self) -> str: ...


def html_text(html: str, *, with_signature: bool = False) -> str:
    """Return the words of `html` that a reader sees; a marked signature only if asked for.

    Quoted lines start with `>`; `HISTORY_MARK` stands where a mail program marked the start of
    history. Scripts, styles, comments, hidden and struck-out elements are gone; nothing is ever
    fetched.
    """
    target = _TextTarget(with_signature=with_signature)
    parser = cast("_Parser", HTMLParser(target=target, encoding="utf-8"))
    parser.feed(within_limits(html).replace("\0", "").encode(errors="ignore"))
    return plain_text(parser.close())


class _TextTarget:
    """Receives tags and text from lxml and collects lines."""

    def __init__(self, *, with_signature: bool) -> None:
        self._unseen = (_Role.UNSEEN,) if with_signature else (_Role.UNSEEN, _Role.SIGNATURE)
        self._unseen_depth = 0
        self._known: dict[tuple[str, tuple[str | None, ...]], _Element] = {}
        """Many elements of a mail are alike."""
        self._attribution: list[str] = []
        self._open: list[_Element] = []
        self._depth = [0] * (len(_Role) + 1)
        self._pre_depth = 0
        self._is_over = False
        self._lines: list[str] = []
        self._pieces: list[str] = []
        self._wants_blank = False

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        if self._is_over:
            return
        values = tuple(map(attributes.get, _ATTRIBUTES)) if attributes else _NO_VALUES
        element = self._known.get((tag, values))
        if element is None:
            element = self._known[tag, values] = _element(tag, values)
        if not self._unseen_depth:
            self._begin(element)
        self._open.append(element)
        self._depth[element.role] += 1
        self._pre_depth += element.tag == "pre"
        self._unseen_depth += element.role in self._unseen

    def end(self, _tag: str) -> None:
        if self._is_over:
            return
        element = self._open.pop()
        if not self._unseen_depth and element.is_block:
            self._end_block(element)
        self._depth[element.role] -= 1
        self._pre_depth -= element.tag == "pre"
        self._unseen_depth -= element.role in self._unseen
        if element.role is _Role.ATTRIBUTION and not self._depth[_Role.ATTRIBUTION]:
            self._end_attribution()

    def data(self, text: str) -> None:
        if self._unseen_depth or self._is_over:
            return
        if self._depth[_Role.ATTRIBUTION]:
            self._attribution.append(text)
            return
        first, *rest = text.split("\n") if self._pre_depth else [text]
        self._pieces.append(first)
        for line in rest:
            self._end_line()
            self._pieces.append(line)

    def close(self) -> str:
        self._end_block(_element("body"))
        return "\n".join(self._lines)

    def _end_attribution(self) -> None:
        """Leave it out above a quote; "---- Forwarded message ----" has history under it."""
        if "".join(self._attribution).lstrip().startswith("--"):
            self._end_words()
        self._attribution.clear()

    def _begin(self, element: _Element) -> None:
        if element.is_block:
            self._end_block(element)
        if element.starts_history:
            self._end_block(element)
            self._end_words()
        elif element.tag == "br":
            self._end_line()
        elif element.tag in ("td", "th"):
            self._pieces.append(" ")
        elif element.tag == "li":
            self._pieces.append("- ")

    def _end_words(self) -> None:
        """Mark the start of history; what follows it is not read, unless all this is quoted."""
        self._emit(HISTORY_MARK)
        self._is_over = not self._depth[_Role.QUOTE]

    def _end_block(self, element: _Element) -> None:
        """End the line if there is one; a line of hard spaces is an intended empty one."""
        written = "".join(self._pieces)
        if written.strip() or "\xa0" in written:
            self._end_line()
        self._pieces.clear()
        self._wants_blank |= element.is_spaced

    def _end_line(self) -> None:
        line = "".join(self._pieces)
        self._pieces.clear()
        self._emit(line if self._pre_depth else _RUN_OF_SPACE.sub(" ", line).strip())

    def _emit(self, line: str) -> None:
        mark = ">" if self._depth[_Role.QUOTE] else ""
        if self._wants_blank and line:
            self._lines.append(mark)
        self._wants_blank = self._wants_blank and not line
        self._lines.append(mark + line)


def _element(tag: str, values: tuple[str | None, ...] = _NO_VALUES) -> _Element:
    """Return what an element does, by the values of _ATTRIBUTES."""
    style, classes, element_id, kind, hidden, name = values
    style = _RUN_OF_SPACE.sub("", style or "").lower()
    names = f"{classes or ''} {element_id or ''}".lower().split()
    is_tight = "msonormal" in names or _TIGHT_STYLE.search(style) is not None
    is_hidden = hidden is not None or _HIDING_STYLE.search(style) is not None
    is_signature = any(map(_SIGNATURE_NAME.fullmatch, (*names, (name or "").lower())))
    is_cited = kind == "cite" or "border-left:" in style
    is_indent = _INDENT_STYLE.search(style) is not None and not is_cited
    is_quote = "protonmail_quote" in names or name == "quote"  # GMX names it
    role = _Role.PLAIN
    if is_hidden or _UNSEEN_TAG.fullmatch(tag):
        role = _Role.UNSEEN
    elif is_signature:
        role = _Role.SIGNATURE
    elif any(map(_ATTRIBUTION_NAME.fullmatch, names)):
        role = _Role.ATTRIBUTION
    elif is_quote or (tag == "blockquote" and not is_indent):
        role = _Role.QUOTE
    return _Element(
        tag=tag,
        role=role,
        is_block=_BLOCK_TAG.fullmatch(tag) is not None,
        is_spaced=_SPACED_TAG.fullmatch(tag) is not None and not is_tight,
        starts_history=_OUTLOOK_BORDER.search(style) is not None
        or any(map(_HISTORY_NAME.fullmatch, names)),
    )
