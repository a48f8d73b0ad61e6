"""Embeds with a model behind OpenAI's embeddings API, or a compatible one."""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, SecretStr
from service_kit.errors import InvalidError, UpstreamError
from service_kit.upstream import OPENAI_URL, JsonUpstream


class EmbeddingRefusedError(InvalidError):
    """The embedding model refused the request."""

    slug = "embedding-refused"


class EmbeddingInvalidError(InvalidError):
    """The embedding model answered with something that is no vector of the right length."""

    slug = "embedding-invalid"


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingEndpoint:
    """A server of the embeddings API and its limits; `base_url` None is OpenAI's."""

    api_key: SecretStr
    base_url: str | None
    model: str
    dimension: int
    max_texts: int
    max_chars: int
    timeout_seconds: float


class _Vector(BaseModel):
    index: int
    embedding: list[float]


class _Answer(BaseModel):
    data: list[_Vector]


class OpenAIEmbedder:
    """One request per batch; what goes wrong in one is the caller's to retry."""

    def __init__(self, endpoint: EmbeddingEndpoint) -> None:
        self.model_id = re.sub(r"[^a-z0-9]+", "-", endpoint.model.lower()).strip("-")
        self.dimension = endpoint.dimension
        self.batch_size = endpoint.max_texts
        self._endpoint = endpoint
        self._upstream = JsonUpstream(
            name="the embedder",
            base_url=endpoint.base_url or OPENAI_URL,
            api_key=endpoint.api_key,
            timeout_seconds=endpoint.timeout_seconds,
            refused=EmbeddingRefusedError,
        )

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Return a vector of unit length for each text, in order.

        Raises:
            EmbeddingRefusedError: a 4xx, with the vendor's message.
            EmbeddingInvalidError: a vector of another length, or with something that is no number.
            UpstreamError: 429, 5xx, a timeout, a broken connection or an unreadable answer; with
                `retry_after_seconds` in `extra` if the server names a time.
        """
        vectors: list[list[float]] = []
        for batch in self._batches(texts):
            vectors += self._checked(await self._ask(batch), len(batch))
        return vectors

    def _batches(self, texts: Sequence[str]) -> Iterator[list[str]]:
        batch: list[str] = []
        chars = 0
        for text in texts:
            # The API refuses an empty text.
            asked = text[: self._endpoint.max_chars] or " "
            is_full = len(batch) == self._endpoint.max_texts
            if batch and (is_full or chars + len(asked) > self._endpoint.max_chars):
                yield batch
                batch, chars = [], 0
            batch.append(asked)
            chars += len(asked)
        if batch:
            yield batch

    async def _ask(self, texts: list[str]) -> _Answer:
        request = {"model": self._endpoint.model, "input": texts, "encoding_format": "float"}
        return await self._upstream.post("/embeddings", request, _Answer)

    def _checked(self, answer: _Answer, count: int) -> list[list[float]]:
        ordered = sorted(answer.data, key=lambda item: item.index)
        if [item.index for item in ordered] != list(range(count)):
            raise UpstreamError(f"the embedder answered with {len(ordered)} vectors for {count}")
        return [self._unit(item.embedding) for item in ordered]

    def _unit(self, vector: list[float]) -> list[float]:
        if len(vector) != self.dimension:
            raise EmbeddingInvalidError(
                f"The vectors of {self._endpoint.model} have {len(vector)} numbers:"
                " set DRAMATIS_INGEST_EMBEDDING_DIMENSION to that."
            )
        length = math.sqrt(sum(number * number for number in vector))
        if not math.isfinite(length) or length == 0:
            raise EmbeddingInvalidError(
                f"A vector of {self._endpoint.model} has something in it that is no number."
            )
        return [number / length for number in vector]
