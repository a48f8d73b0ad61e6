"""The outside systems, as the use cases need them."""

from collections.abc import AsyncIterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol
from uuid import UUID

from ingest_svc.domain.document import StoredFile
from ingest_svc.domain.passage import Chunk, Extract, Hit, Owner, Question, Scope, WordWeights


class Originals(Protocol):
    """Where originals lie."""

    async def put(self, key: str, content: AsyncIterable[bytes]) -> StoredFile:
        """Store an original.

        Raises:
            FileFailedError: it is empty or too large.
            UpstreamError: the storage is away now.
        """
        ...

    async def download(self, key: str, path: Path) -> None:
        """Copy an original to a local file."""
        ...

    async def delete(self, key: str) -> None:
        """Delete an original, if it is there."""
        ...

    def keys(self, prefix: str) -> AsyncIterable[tuple[str, datetime]]:
        """Yield every key in a folder (`prefix` ends with `/`), and when it was stored."""
        ...


class Fetcher(Protocol):
    """Where announced files come from."""

    def fetch(self, url: str) -> AsyncIterable[bytes]:
        """Return what stands at an address that may be fetched."""
        ...


class Extractor(Protocol):
    """Reads files, each in its own process."""

    async def extract(self, original: Path, file_name: str, chunks_path: Path) -> Extract:
        """Write the chunks of a file to `chunks_path`."""
        ...

    def read_chunks(self, chunks_path: Path) -> Iterator[Chunk]:
        """Return what was written."""
        ...


class Embedder(Protocol):
    """Makes vectors of texts."""

    model_id: str
    """Names the collection, with the dimension; of a-z, 0-9 and `-`."""
    dimension: int
    batch_size: int
    """How many texts are embedded between two checkpoints."""

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Return a vector of unit length for each text, in order.

        Raises:
            UpstreamError: it cannot be done now (try again).
            ServiceError: it will not be done.
        """
        ...


class PassageIndex(Protocol):
    """Points of chunks, found by word and by meaning, in one collection."""

    collection: str

    async def open(self) -> None:
        """Open or create the collection; every other method waits for it.

        Raises:
            SettingsError: it cannot be opened as this process is set up.
        """
        ...

    async def put_words(self, owner: Owner, first: int, words: Sequence[WordWeights]) -> None:
        """Store the chunks from number `first` on, without vectors; durable after `flush`."""
        ...

    async def put_vectors(self, owner: Owner, first: int, vectors: Sequence[list[float]]) -> None:
        """Add their vectors to the chunks from number `first` on, which must be stored."""
        ...

    async def flush(self) -> None:
        """Return once what was put is on disk."""
        ...

    async def search(self, scope: Scope, question: Question, limit: int) -> list[Hit]:
        """Return the best chunks of `scope`, best first.

        Raises:
            ForeignPassageError: the store returned something outside of `scope`.
            IndexUnavailableError: it does not answer.
        """
        ...

    async def remove(self, workspace_id: str, content_id: UUID) -> None:
        """Remove every point of a content."""
        ...

    async def count(self, workspace_id: str, content_id: UUID) -> int:
        """Return how many points a content has."""
        ...

    async def close(self) -> None:
        """Let go of the store."""
        ...
