"""What files are made knowledge with."""

from collections.abc import AsyncGenerator, AsyncIterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from ingest_svc.adapters.originals import StoredFile
from ingest_svc.adapters.passage_index import PassageIndex
from ingest_svc.domain.passage import Chunk, Extract


class Originals(Protocol):
    """Where originals lie."""

    async def put(self, key: str, content: AsyncIterable[bytes]) -> StoredFile:
        """Store an original."""
        ...

    async def download(self, key: str, path: Path) -> None:
        """Copy an original to a local file."""
        ...

    async def delete(self, key: str) -> None:
        """Delete an original, if it is there."""
        ...

    def keys(self, prefix: str) -> AsyncGenerator[tuple[str, datetime]]:
        """Yield every key in a folder (`prefix` ends with `/`), and when it was stored."""
        ...


class Fetcher(Protocol):
    """Where announced files come from."""

    def fetch(self, url: str) -> AsyncIterable[bytes]:
        """Return what stands at an address that may be fetched."""
        ...


class Extractor(Protocol):
    """Reads files, each in a process of its own."""

    async def extract(self, original: Path, file_name: str, chunks_path: Path) -> Extract:
        """Write the chunks of a file to `chunks_path`."""
        ...

    def read_chunks(self, chunks_path: Path) -> Iterator[Chunk]:
        """Return what was written."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What the work on a document needs."""

    originals: Originals
    fetcher: Fetcher
    extractor: Extractor
    index: PassageIndex
    has_embedder: bool
    work_dir: Path
