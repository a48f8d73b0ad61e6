"""What makes texts findable by meaning: a model here, a model behind an API, or none."""

from collections.abc import Sequence
from typing import Protocol

from pydantic import SecretStr

from ingest_svc.adapters.minilm import MiniLM
from ingest_svc.adapters.openai_embedder import EmbeddingEndpoint, OpenAIEmbedder
from ingest_svc.settings import IngestSettings


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


def choose_embedder(settings: IngestSettings) -> Embedder | None:
    """Return the embedder that is set; None for `none`."""
    if settings.embedder == "none":
        return None
    if settings.embedder == "minilm":
        return MiniLM()
    return OpenAIEmbedder(
        EmbeddingEndpoint(
            api_key=settings.openai_api_key or SecretStr(""),
            base_url=settings.openai_base_url,
            model=settings.embedding_model or "",
            dimension=settings.embedding_dimension or 0,
            max_texts=settings.embedding_batch_texts,
            max_chars=settings.embedding_batch_chars,
            timeout_seconds=settings.embedding_timeout_seconds,
        )
    )
