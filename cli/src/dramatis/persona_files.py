"""Files of personas, with what their `@import` lines name."""

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from persona_svc.domain.character_card import MAX_CARD_BYTES
from persona_svc.domain.import_lines import find_import_lines
from persona_svc.domain.markdown import MAX_FILE_BYTES
from persona_svc.domain.png_text import SIGNATURE

from dramatis.errors import CliError

MAX_DEPTH = 5
"""Files within files; what programs of this trade allow."""


@dataclass(frozen=True, slots=True)
class NotRead:
    """An `@import` line that was left out, and why."""

    line: str
    reason: str


@dataclass(slots=True)
class PersonaSource:
    """The bytes to import, and what they lack."""

    body: bytes = b""
    not_read: list[NotRead] = field(default_factory=list[NotRead])


class _RefusedError(Exception):
    """An `@import` line that is not followed; the text says why."""


def read_persona_file(path: Path, folder: Path | None = None) -> PersonaSource:
    """Return a file; of Markdown, with the files of its `@import` lines in their places.

    These are read from within `folder` alone, by default the file's own: neither `..` nor a
    symbolic link leads out of it. What is not read is told, and its line left out.

    Raises:
        CliError: it cannot be read, or all together is larger than a persona's file may be.
    """
    try:
        body = path.read_bytes()
        start, root = path.resolve(), (folder or path.parent).resolve(strict=True)
    except OSError as error:
        raise CliError(f"{path} cannot be read: {error.strerror}.") from error
    is_markdown = not body.startswith(SIGNATURE) and not body.lstrip().startswith(b"{")
    try:
        text = body.decode("utf-8-sig") if is_markdown and len(body) <= MAX_CARD_BYTES else None
    except UnicodeDecodeError:
        text = None
    if text is None:
        return PersonaSource(body)
    expansion = _Expansion(root)
    lines = expansion.lines(text, (start,))
    return PersonaSource("\n".join(lines).encode(), expansion.not_read)


class _Expansion:
    """Puts files in the place of the lines that name them."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._left_bytes = MAX_FILE_BYTES
        self.not_read: list[NotRead] = []

    def lines(self, text: str, chain: Sequence[Path]) -> Iterator[str]:
        """Yield the lines of `text`; `chain` are the files that led to it, itself last."""
        named = {line.number: line.path for line in find_import_lines(text)}
        for number, line in enumerate(text.split("\n"), 1):
            if number not in named:
                yield line
                continue
            try:
                target = self._target(named[number], chain)
                inner = self._read(target)
            except _RefusedError as refused:
                place = f"{self._shown(chain[-1])}, line {number}: {line.strip()}"
                self.not_read.append(NotRead(place, str(refused)))
            else:
                yield from self.lines(inner, (*chain, target))

    def _target(self, path: str, chain: Sequence[Path]) -> Path:
        try:
            target = (chain[-1].parent / path).resolve()
        except (OSError, RuntimeError, ValueError):  # a loop of links, a name with a NUL
            raise _RefusedError("it is no path") from None
        if path.startswith("~") or not target.is_relative_to(self._root):
            raise _RefusedError(f"it is outside of {self._root}")
        if target in chain:
            circle = [*chain[chain.index(target) :], target]
            raise _RefusedError(f"a cycle: {' → '.join(map(self._shown, circle))}")
        if len(chain) > MAX_DEPTH:
            raise _RefusedError(f"it is more than {MAX_DEPTH} files deep")
        return target

    def _read(self, target: Path) -> str:
        try:
            # A link that has come since is not followed, a pipe not waited for.
            number = os.open(target, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            with os.fdopen(number, "rb") as opened:
                if not stat.S_ISREG(os.fstat(number).st_mode):
                    raise _RefusedError("it is no file")
                body = opened.read(self._left_bytes + 1)
        except OSError as error:
            raise _RefusedError(f"it cannot be read: {error.strerror}") from None
        self._left_bytes -= len(body)
        if self._left_bytes < 0:
            raise CliError(f"The imported files have more than {MAX_FILE_BYTES:,} bytes in all.")
        try:
            return body.decode("utf-8-sig").removesuffix("\n")
        except UnicodeDecodeError:
            raise _RefusedError("it is no text in UTF-8") from None

    def _shown(self, path: Path) -> str:
        return str(path.relative_to(self._root)) if path.is_relative_to(self._root) else path.name
