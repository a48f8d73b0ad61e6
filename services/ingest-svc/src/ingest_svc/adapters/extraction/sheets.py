"""XLSX: the visible cells of the visible sheets, as the program shows them.

Read row by row: a sheet is never held whole.
"""

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO, NamedTuple

from ingest_svc.adapters.extraction.number_formats import BUILT_IN, shown_number, shown_text
from ingest_svc.adapters.extraction.open_xml import (
    YES,
    DamagedError,
    Element,
    local_name,
    read_root,
    refuse_bomb,
    stream_elements,
)
from ingest_svc.adapters.extraction.parts import MAX_CHARS, Part, Parts
from ingest_svc.domain.failure import FailureCode, FileFailedError

PART_CHARS = 50_000
MAX_GAP = 20
"""Empty cells between two others that are kept as such."""

_ID = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_STRICT_ID = "{http://purl.oclc.org/ooxml/officeDocument/relationships}id"
_COLUMN = re.compile(r"[A-Z]{1,3}")
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,2})?")
_ZERO = frozenset({"0", "0.0"})


class _Sheet(NamedTuple):
    name: str
    member: str


class _Cells(NamedTuple):
    """What the cells of a workbook refer to."""

    texts: list[str]
    """The shared strings."""
    formats: list[str]
    """The number format of each style of a cell."""
    since_1904: bool


class _Columns:
    """Which columns of a sheet are hidden; told before its rows."""

    def __init__(self) -> None:
        self._hidden: list[tuple[int, int]] = []

    def add(self, columns: Element) -> None:
        self._hidden += [
            (int(column.get("min") or "1"), int(column.get("max") or "1"))
            for column in columns
            if column.get("hidden") in YES or column.get("width") in _ZERO
        ]

    def is_hidden(self, number: int) -> bool:
        return any(first <= number <= last for first, last in self._hidden)


def read_sheets(path: Path) -> Parts:
    """Return the sheets that the program shows, each in parts of some 50,000 characters.

    Raises:
        FileFailedError: corrupted, or too large.
    """
    archive = zipfile.ZipFile(path)
    try:
        refuse_bomb(archive)
        book = _root(archive, "xl/workbook.xml")
        cells = _Cells(_shared_texts(archive), _formats(archive), _since_1904(book))
        sheets = _visible_sheets(archive, book)
    except DamagedError as error:
        raise FileFailedError(FailureCode.CORRUPTED) from error
    return Parts(_parts(archive, sheets, cells), None, FailureCode.NO_TEXT)


def _parts(archive: zipfile.ZipFile, sheets: list[_Sheet], cells: _Cells) -> Iterator[Part]:
    chars = 0
    try:
        for sheet in sheets:
            for text in _stretches(archive, sheet, cells):
                chars += len(text)
                if chars > MAX_CHARS:
                    detail = "It has more than 20 million characters."
                    raise FileFailedError(FailureCode.TOO_LARGE, detail)
                yield Part(text=text, section=sheet.name)
    except DamagedError as error:
        raise FileFailedError(FailureCode.CORRUPTED) from error


def _stretches(archive: zipfile.ZipFile, sheet: _Sheet, cells: _Cells) -> Iterator[str]:
    """Yield the name and rows of a sheet in stretches; nothing if all rows are blank."""
    lines: list[str] = []
    chars, is_first = 0, True
    with archive.open(sheet.member) as file:
        for line in _lines(file, cells):
            lines.append(line)
            chars += len(line)
            if chars >= PART_CHARS:
                yield _stretch(sheet.name if is_first else None, lines)
                lines, chars, is_first = [], 0, False
    if lines:
        yield _stretch(sheet.name if is_first else None, lines)


def _stretch(name: str | None, lines: list[str]) -> str:
    rows = "\n".join(lines)
    return rows if name is None else f"{name}\n\n{rows}"


def _lines(file: IO[bytes], cells: _Cells) -> Iterator[str]:
    columns = _Columns()
    for element in stream_elements(file, "cols", "row"):
        if local_name(element) == "cols":
            columns.add(element)
        elif not _is_hidden_row(element):
            line = _line(element, columns, cells)
            if line:
                yield line


def _is_hidden_row(row: Element) -> bool:
    return row.get("hidden") in YES or row.get("ht") in _ZERO


def _line(row: Element, columns: _Columns, cells: _Cells) -> str:
    """Return a row as `| a |  | b |`; "" if it is blank."""
    texts: list[str] = []
    number = last = 0
    for cell in row:
        found = _COLUMN.match(cell.get("r") or "")
        number = _column_number(found[0]) if found else number + 1
        text = "" if columns.is_hidden(number) else " ".join(_shown(cell, cells).split())
        if text:
            texts += [""] * min(number - last - 1, MAX_GAP)
            texts.append(text)
            last = number
    return f"| {' | '.join(texts)} |" if texts else ""


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def _shown(cell: Element, cells: _Cells) -> str:
    kind = cell.get("t") or "n"
    if kind == "inlineStr":
        return _string(cell.find("{*}is"))
    value = next((child.text for child in cell if child.tag.endswith("}v")), None) or ""
    value = value.strip()
    if kind == "s" and value:
        kind, value = "str", cells.texts[int(value)]
    style = int(cell.get("s") or "0")
    code = cells.formats[style] if style < len(cells.formats) else "General"
    return _formatted(kind, value, code, since_1904=cells.since_1904) if value else ""


def _formatted(kind: str, value: str, code: str, *, since_1904: bool) -> str:
    match kind:
        case "b":
            return "TRUE" if value in YES else "FALSE"
        case "n":
            if _NUMBER.fullmatch(value) is None:
                return value
            return shown_number(float(value), code, since_1904=since_1904)
        case "str":
            return shown_text(value, code)
        case _:  # an error's name, or a date as ISO 8601
            return value


def _string(element: Element | None) -> str:
    """Return the text of a string; how it is pronounced (`rPh`) is not shown."""
    if element is None:
        return ""
    return "".join(
        text.text or ""
        for text in element.iter("{*}t")
        if (parent := text.getparent()) is None or local_name(parent) != "rPh"
    )


def _shared_texts(archive: zipfile.ZipFile) -> list[str]:
    member = "xl/sharedStrings.xml"
    if member not in archive.namelist():
        return []
    with archive.open(member) as file:
        return [_string(element) for element in stream_elements(file, "si")]


def _formats(archive: zipfile.ZipFile) -> list[str]:
    member = "xl/styles.xml"
    if member not in archive.namelist():
        return []
    styles = _root(archive, member)
    codes = dict(BUILT_IN)
    for custom in styles.iterfind("{*}numFmts/{*}numFmt"):
        codes[int(custom.get("numFmtId") or "0")] = custom.get("formatCode") or "General"
    return [
        codes.get(int(style.get("numFmtId") or "0"), "General")
        for style in styles.iterfind("{*}cellXfs/{*}xf")
    ]


def _since_1904(book: Element) -> bool:
    properties = book.find("{*}workbookPr")
    return properties is not None and properties.get("date1904") in YES


def _visible_sheets(archive: zipfile.ZipFile, book: Element) -> list[_Sheet]:
    targets = {
        relation.get("Id"): relation.get("Target") or ""
        for relation in _root(archive, "xl/_rels/workbook.xml.rels")
    }
    found: list[_Sheet] = []
    for sheet in book.iterfind("{*}sheets/{*}sheet"):
        target = targets.get(sheet.get(_ID) or sheet.get(_STRICT_ID)) or ""
        member = target[1:] if target.startswith("/") else str(PurePosixPath("xl") / target)
        if (sheet.get("state") or "visible") == "visible" and "worksheets/" in member:
            found.append(_Sheet(sheet.get("name") or "", member))
    return found


def _root(archive: zipfile.ZipFile, member: str) -> Element:
    return read_root(archive.read(member))
