"""Embeds with a model behind OpenAI's embeddings API, or a compatible one."""

import asyncio
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from pydantic import BaseModel, SecretStr, ValidationError
from service_kit.errors import InvalidError, ServiceError, UpstreamError
from service_kit.retry_after import retry_after_seconds

CONNECT_SECONDS = 5.0
MAX_VENDOR_CHARS = 200
RETRIED_STATUSES = frozenset({408, 429})
"""Of the 4xx: the server took too long, or has too much to do."""


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
        self._client: Any = None
        self._opening = asyncio.Lock()

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
        openai = await asyncio.to_thread(import_module, "openai")
        client, seconds = await self._opened(openai), self._endpoint.timeout_seconds
        request = {"model": self._endpoint.model, "input": texts, "encoding_format": "float"}
        try:
            async with asyncio.timeout(seconds):  # the SDK's limits each single read
                answer = await client.post("/embeddings", cast_to=str, body=request)
            return _Answer.model_validate_json(answer)
        except openai.APIStatusError as error:
            raise self._status_error(error) from None
        except (openai.APITimeoutError, TimeoutError):
            raise UpstreamError(f"the embedder gave no answer in {seconds:g} s") from None
        except ValidationError:
            raise UpstreamError("the embedder's answer cannot be read") from None
        except openai.OpenAIError as error:
            raise UpstreamError(f"no answer from the embedder: {type(error).__name__}") from None

    async def _opened(self, openai: Any) -> Any:  # noqa: ANN401 — the SDK, imported late
        async with self._opening:
            if self._client is None:
                self._client = await asyncio.to_thread(
                    openai.AsyncOpenAI,
                    api_key=self._endpoint.api_key.get_secret_value(),
                    base_url=self._endpoint.base_url,
                    timeout=openai.Timeout(self._endpoint.timeout_seconds, connect=CONNECT_SECONDS),
                    max_retries=0,
                )
        return self._client

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

    def _status_error(self, error: Any) -> ServiceError:  # noqa: ANN401 — the SDK's
        status: int = error.status_code
        said = f"the embedder's server answered {status}: {self._vendor_message(error.body)}"
        if 400 <= status < 500 and status not in RETRIED_STATUSES:
            return EmbeddingRefusedError(said)
        seconds = retry_after_seconds(error.response.headers)
        return UpstreamError(
            said, extra={} if seconds is None else {"retry_after_seconds": seconds}
        )

    def _vendor_message(self, body: object) -> str:
        """Return the server's words; some repeat the key in them."""
        match body:
            case {"message": str(message)} | {"detail": str(message)} | str(message):
                clean = message.replace(self._endpoint.api_key.get_secret_value(), "***")
                return " ".join(clean.split())[:MAX_VENDOR_CHARS]
            case _:
                return "without a message"
