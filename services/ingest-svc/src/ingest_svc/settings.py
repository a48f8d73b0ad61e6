"""What ingest-svc adds to the common settings."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar, Literal, Self

from pydantic import AliasChoices, Field, SecretStr, model_validator
from service_kit.settings import ServiceSettings, own_variables


class IngestSettings(ServiceSettings):
    """Where files come from and lie, and how they are made searchable."""

    model_config = own_variables("ingest")
    renamed: ClassVar[Mapping[str, str]] = MappingProxyType(
        {"OPENAI_BASE_URL": "DRAMATIS_INGEST_OPENAI_BASE_URL"}
    )
    http_port: int = 8104
    storage_url: str | None = None
    """`s3://bucket/prefix` or `file:///folder`; default: `originals` in the data folder.

    Production has no default: a data folder may be gone with its machine.
    """
    inbox_dir: Path | None = None
    """Where `file://` addresses may point, in the embedded profile; default: `inbox` there."""
    allowed_hosts: tuple[str, ...] = ()
    """Hosts that `https://` addresses may name: `files.example.com`, `*.example.com`."""
    allowed_buckets: tuple[str, ...] = ()
    """Buckets that `s3://` addresses may name."""
    fetch_private_addresses: bool = False
    """Whether allowed hosts may have private addresses; refused in production."""
    fetch_ca_file: Path | None = None
    """Certificate authorities to trust besides the usual ones."""
    qdrant_url: str | None = None
    """A Qdrant server; default: an embedded index in the data folder, for one process."""
    qdrant_api_key: SecretStr | None = None
    embedder: Literal["minilm", "openai", "none"] = "minilm"
    """What finds passages by meaning; `none`: words alone."""
    openai_api_key: SecretStr | None = Field(
        default=None,
        validation_alias=AliasChoices("DRAMATIS_INGEST_OPENAI_API_KEY", "OPENAI_API_KEY"),
    )
    openai_base_url: str | None = None
    embedding_model: str | None = None
    """Needed with `openai`."""
    embedding_dimension: int | None = Field(default=None, ge=1, le=8192)
    """Needed with `openai`: how long its vectors are."""
    embedding_batch_texts: int = Field(default=64, ge=1, le=2048)
    embedding_batch_chars: int = Field(default=200_000, ge=1_000)
    """Both limits hold for one request to the `openai` embedder."""
    embedding_timeout_seconds: float = Field(default=30, gt=0, le=600)
    concurrency: int = Field(default=2, ge=1, le=64)
    """Files of a workspace that are read at the same time, each in a process of up to 1.5 GB.

    One more is read while others have some.
    """
    retry_delays_seconds: tuple[float, ...] = (1, 2, 5, 10, 20, 30, 60, 60)
    embed_retry_delays_seconds: tuple[float, ...] = (2, 5, 15, 60, 300, 900)

    @property
    def originals_url(self) -> str:
        """Where originals lie."""
        return self.storage_url or (self.data_dir / "originals").absolute().as_uri()

    @property
    def inbox(self) -> Path | None:
        """Where `file://` addresses may point; None: nowhere."""
        if self.profile == "production":
            return None
        return (self.inbox_dir or self.data_dir / "inbox").absolute()

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.embedder == "openai" and not (self.embedding_model and self.embedding_dimension):
            raise ValueError(
                "DRAMATIS_INGEST_EMBEDDER=openai needs DRAMATIS_INGEST_EMBEDDING_MODEL and"
                " DRAMATIS_INGEST_EMBEDDING_DIMENSION"
            )
        if self.embedder == "openai" and self.openai_api_key is None:
            raise ValueError(
                "DRAMATIS_INGEST_EMBEDDER=openai needs DRAMATIS_INGEST_OPENAI_API_KEY,"
                " or OPENAI_API_KEY"
            )
        if self.profile == "production" and self.fetch_private_addresses:
            raise ValueError("DRAMATIS_INGEST_FETCH_PRIVATE_ADDRESSES is refused in production")
        if self.profile == "production" and self.inbox_dir is not None:
            raise ValueError("DRAMATIS_INGEST_INBOX_DIR is refused in production")
        if self.profile == "production" and self.storage_url is None:
            raise ValueError("DRAMATIS_INGEST_STORAGE_URL is needed in production")
        return self
