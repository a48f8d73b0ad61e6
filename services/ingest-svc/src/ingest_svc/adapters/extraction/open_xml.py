"""The XML parts of an Office file (OOXML), read without entities and without a network."""

import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, Protocol, cast

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType] - lxml ships no types

from ingest_svc.domain.failure import FailureCode, FileFailedError

MAX_COMPRESSION_RATIO = 1_000
HEAD_BYTES = 4_096
MIN_BOMB_BYTES = 10 * 1024 * 1024
YES = frozenset({"1", "true", "on"})
"""How OOXML writes that something is so (ST_OnOff)."""


class Element(Protocol):
    """What is used of lxml's elements."""

    tag: str
    text: str | None

    def __iter__(self) -> Iterator["Element"]: ...
    def __delitem__(self, index: int, /) -> None: ...

    def get(self, name: str, /) -> str | None:
        """Return an attribute."""
        ...

    def find(self, path: str, /) -> "Element | None":
        """Return the first element at `path`."""
        ...

    def findtext(self, path: str, /) -> str | None:
        """Return the text of the first element at `path`."""
        ...

    def iterfind(self, path: str, /) -> Iterator["Element"]:
        """Return the elements at `path`."""
        ...

    def iter(self, *tags: str) -> Iterator["Element"]:
        """Return the elements in it with these names, itself included."""
        ...

    def getparent(self) -> "Element | None":
        """Return what it stands in."""
        ...

    def getprevious(self) -> "Element | None":
        """Return what stands before it."""
        ...

    def remove(self, element: "Element", /) -> None:
        """Take a child out."""
        ...

    def clear(self) -> None:
        """Forget text, attributes and children."""
        ...


class _Library(Protocol):
    XMLSyntaxError: type[Exception]

    def XMLParser(self, **options: object) -> object: ...  # noqa: N802 — lxml's name
    def fromstring(self, data: bytes, parser: object) -> Element: ...
    def tostring(self, element: Element, **options: object) -> bytes: ...
    def iterparse(self, file: IO[bytes], **options: object) -> Iterator[tuple[str, Element]]: ...


_lxml = cast("_Library", etree)
_SAFE = {"resolve_entities": False, "no_network": True}
DamagedError = (
    LookupError, ValueError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error,
    _lxml.XMLSyntaxError,
)  # fmt: skip
"""What is raised over a file that is not what it says it is."""


def refuse_bomb(archive: zipfile.ZipFile) -> None:
    """Refuse a file whose parts unpack to far more than they are.

    Raises:
        FileFailedError: it does.
    """
    for member in archive.infolist():
        is_large = member.file_size > MIN_BOMB_BYTES
        if is_large and member.file_size > MAX_COMPRESSION_RATIO * member.compress_size:
            raise FileFailedError(FailureCode.TOO_LARGE)


def read_root(data: bytes) -> Element:
    """Return the root element of a part."""
    _refuse_doctype(data[:HEAD_BYTES])
    return _lxml.fromstring(data, _lxml.XMLParser(**_SAFE, huge_tree=True))


def write_root(root: Element) -> bytes:
    """Return a part as it is stored."""
    return _lxml.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)


def stream_elements(file: IO[bytes], *names: str) -> Iterator[Element]:
    """Yield the elements with these names as they end, and forget each one afterwards."""
    _refuse_doctype(file.read(HEAD_BYTES))
    file.seek(0)
    tags = [f"{{*}}{name}" for name in names]
    for _, element in _lxml.iterparse(file, events=("end",), tag=tags, huge_tree=True, **_SAFE):
        yield element
        element.clear()
        parent = element.getparent()
        while parent is not None and element.getprevious() is not None:
            del parent[0]


def _refuse_doctype(head: bytes) -> None:
    """Refuse a part with a document type: OOXML has none, and entities may grow without end.

    Raises:
        ValueError: it has one.
    """
    if b"<!DOCTYPE" in head.replace(b"\0", b""):
        raise ValueError("a part has a document type")


def local_name(element: Element) -> str:
    """Return the name of an element without its namespace; "" of a comment."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""  # pyright: ignore[reportUnnecessaryIsInstance] - a comment's tag is a function


def remove(element: Element) -> None:
    """Take an element out of its part."""
    parent = element.getparent()
    if parent is not None:
        parent.remove(element)
