"""Personas, workspaces, campaigns and what is published about them.

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op
from service_kit.migrations import kit_tables_v1, protect
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None

NOW = sa.text("now()")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    kit_tables_v1()
    personas()
    campaigns()
    op.create_table(
        "audit",
        sa.Column("audit_id", sa.Uuid(), primary_key=True),
        sa.Column("workspace_id", sa.String(64), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("entity_id", sa.Text(), nullable=False),
        sa.Column("before_version", sa.Integer()),
        sa.Column("after_version", sa.Integer()),
        sa.Column("summary", sa.Text()),
    )
    op.create_index("audit_page_idx", "audit", ["workspace_id", "audit_id"])
    op.create_table(
        "state_document",
        sa.Column("subject", sa.Text(), primary_key=True),
        sa.Column("workspace_id", sa.String(64), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("body", JSONB(), nullable=False),
        sa.Column("published_revision", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("updated_at", TIME, nullable=False, server_default=NOW),
        sa.CheckConstraint("kind in ('persona', 'workspace', 'campaign')", name="kind"),
    )
    op.create_index(
        "state_document_unpublished_idx",
        "state_document",
        ["revision"],
        postgresql_where=sa.text("published_revision < revision"),
    )
    for table in ("workspace", "persona", "persona_version", "campaign", "assignment", "audit"):
        protect(table)
    protect("state_document")


def personas() -> None:
    op.create_table(
        "workspace",
        sa.Column("workspace_id", sa.String(64), primary_key=True),
        sa.Column("revision", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("default_persona_id", sa.Uuid()),
        sa.Column("settings", JSONB(), nullable=False, server_default="{}"),
        sa.Column("settings_revision", sa.BigInteger(), nullable=False, server_default="0"),
    )
    op.create_table(
        "persona",
        sa.Column("persona_id", sa.Uuid(), primary_key=True),
        sa.Column("workspace_id", sa.String(64), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("parent_id", sa.Uuid()),
        sa.Column("fields", JSONB(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("deleted_at", TIME),
        sa.UniqueConstraint("workspace_id", "persona_id"),
        sa.ForeignKeyConstraint(
            ["workspace_id", "parent_id"], ["persona.workspace_id", "persona.persona_id"]
        ),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.workspace_id"]),
    )
    op.create_foreign_key(
        "workspace_default_fkey",
        "workspace",
        "persona",
        ["workspace_id", "default_persona_id"],
        ["workspace_id", "persona_id"],
        deferrable=True,
        initially="DEFERRED",
    )
    living = sa.text("deleted_at is null")
    op.create_index(
        "persona_name_key",
        "persona",
        ["workspace_id", "name_key"],
        unique=True,
        postgresql_where=living,
    )
    op.create_index(
        "persona_parent_idx", "persona", ["workspace_id", "parent_id"], postgresql_where=living
    )
    op.create_table(
        "persona_version",
        sa.Column("persona_id", sa.Uuid(), sa.ForeignKey("persona.persona_id"), primary_key=True),
        sa.Column("version", sa.Integer(), primary_key=True),
        sa.Column("workspace_id", sa.String(64), nullable=False),
        sa.Column("fields", JSONB(), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("changes_summary", sa.Text(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
    )


def campaigns() -> None:
    op.create_table(
        "campaign",
        sa.Column("workspace_id", sa.String(64), primary_key=True),
        sa.Column("campaign_id", sa.String(64), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("booking_process_id", sa.Text()),
        sa.Column("booking_link", sa.Text()),
        sa.Column("lead_count", sa.BigInteger()),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("removed", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.create_table(
        "assignment",
        sa.Column("workspace_id", sa.String(64), primary_key=True),
        sa.Column("campaign_id", sa.String(64), primary_key=True),
        sa.Column("channel", sa.Text(), primary_key=True),
        sa.Column("persona_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "campaign_id"], ["campaign.workspace_id", "campaign.campaign_id"]
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "persona_id"], ["persona.workspace_id", "persona.persona_id"]
        ),
        sa.CheckConstraint("channel in ('email', 'sms', 'linkedin')", name="channel"),
    )
    op.create_index("assignment_persona_idx", "assignment", ["workspace_id", "persona_id"])
