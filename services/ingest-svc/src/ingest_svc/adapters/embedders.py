"""Which embedder the settings ask for: a model here, a model behind an API, or none."""

from pydantic import SecretStr

from ingest_svc.adapters.minilm import MiniLM
from ingest_svc.adapters.openai_embedder import EmbeddingEndpoint, OpenAIEmbedder
from ingest_svc.settings import IngestSettings


def choose_embedder(settings: IngestSettings) -> MiniLM | OpenAIEmbedder | None:
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
