"""Documents, their content, and its chunks.

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op
from service_kit.migrations import for_workers, kit_tables_v1, protect
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None

NOW = sa.text("now()")


def work_columns() -> list[sa.Column]:
    return [
        sa.Column("due_at", sa.DateTime(timezone=True)),
        sa.Column("lease_token", sa.Uuid()),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("deaths", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("traceparent", sa.Text()),
    ]


def upgrade() -> None:
    kit_tables_v1()
    op.create_table(
        "content",
        sa.Column("content_id", sa.Uuid(), primary_key=True),
        sa.Column("workspace_id", sa.String(64), nullable=False),
        sa.Column("persona_id", sa.Uuid(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("suffix", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text()),
        sa.Column("pages", sa.Integer()),
        sa.Column("language", sa.Text()),
        sa.Column("chunk_count", sa.Integer()),
        sa.Column("collection", sa.Text()),
        sa.Column("vectors", sa.Text(), nullable=False, server_default="pending"),
        sa.Column("vectors_error", JSONB()),
        sa.Column("embedded_chunks", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("retired", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=NOW),
        *work_columns(),
        sa.CheckConstraint("vectors in ('pending', 'complete', 'failed', 'off')", name="vectors"),
        sa.CheckConstraint(
            "collection is null or (chunk_count > 0 and language is not null)",
            name="indexed_has_chunks",
        ),
    )
    op.create_index(
        "content_sha256_key",
        "content",
        ["workspace_id", "persona_id", "sha256", "suffix"],
        unique=True,
        postgresql_where=sa.text("not retired"),
    )
    op.create_index(
        "content_due_idx",
        "content",
        ["workspace_id", "due_at"],
        postgresql_where=sa.text("due_at is not null"),
    )
    op.create_table(
        "document",
        sa.Column("document_id", sa.Uuid(), primary_key=True),
        sa.Column("workspace_id", sa.String(64), nullable=False),
        sa.Column("file_id", sa.Text(), nullable=False),
        sa.Column("persona_id", sa.Uuid(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("tags", JSONB(), nullable=False, server_default="[]"),
        sa.Column("url", sa.Text()),
        sa.Column("announced_sha256", sa.Text()),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("original_key", sa.Text()),
        sa.Column("stale_keys", JSONB(), nullable=False, server_default="[]"),
        sa.Column("size_bytes", sa.BigInteger()),
        sa.Column("sha256", sa.Text()),
        sa.Column("status", sa.Text(), nullable=False, server_default="processing"),
        sa.Column("step", sa.Text(), nullable=False, server_default="waiting"),
        sa.Column("step_at", sa.DateTime(timezone=True), nullable=False, server_default=NOW),
        sa.Column("error", JSONB()),
        sa.Column("content_id", sa.Uuid(), sa.ForeignKey("content.content_id")),
        sa.Column("next_content_id", sa.Uuid(), sa.ForeignKey("content.content_id")),
        sa.Column("started_at", sa.DateTime(timezone=True)),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.Column("deleted_at", sa.DateTime(timezone=True)),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=NOW),
        *work_columns(),
        sa.UniqueConstraint("workspace_id", "file_id"),
        sa.CheckConstraint("status in ('processing', 'ready', 'failed')", name="status"),
        sa.CheckConstraint(
            "status <> 'ready' or deleted_at is not null or content_id is not null",
            name="ready_has_content",
        ),
    )
    op.create_index(
        "document_due_idx",
        "document",
        ["workspace_id", "due_at"],
        postgresql_where=sa.text("due_at is not null"),
    )
    op.create_index(
        "document_persona_idx",
        "document",
        ["workspace_id", "persona_id", "document_id"],
        postgresql_where=sa.text("deleted_at is null"),
    )
    op.create_index("document_content_idx", "document", ["content_id"])
    op.create_index("document_next_content_idx", "document", ["next_content_id"])
    op.create_table(
        "chunk",
        sa.Column("content_id", sa.Uuid(), sa.ForeignKey("content.content_id"), primary_key=True),
        sa.Column("number", sa.Integer(), primary_key=True),
        sa.Column("workspace_id", sa.String(64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("page_start", sa.Integer()),
        sa.Column("page_end", sa.Integer()),
        sa.Column("section", sa.Text()),
    )
    op.create_table(
        "knowledge",
        sa.Column("workspace_id", sa.String(64), primary_key=True),
        sa.Column("persona_id", sa.Uuid(), primary_key=True),
        sa.Column("revision", sa.BigInteger(), nullable=False, server_default="0"),
    )
    op.create_table(
        "passage_index",
        sa.Column("is_only", sa.Boolean(), sa.CheckConstraint("is_only"), primary_key=True),
        sa.Column("collection", sa.Text(), nullable=False),
    )
    for table in ("content", "document", "chunk", "knowledge"):
        protect(table)
    for_workers("passage_index")
