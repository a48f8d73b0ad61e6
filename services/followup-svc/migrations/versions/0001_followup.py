"""Sequences, their instances, and what is known of leads, campaigns and workspaces.

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
LIVE = "state in ('active', 'paused')"


def time(name: str, *, required: bool = False) -> sa.Column:
    default = NOW if required else None
    return sa.Column(
        name, sa.DateTime(timezone=True), nullable=not required, server_default=default
    )


def workspace() -> sa.Column:
    return sa.Column("workspace_id", sa.String(64), nullable=False)


def upgrade() -> None:
    kit_tables_v1()
    _sequences()
    _instances()
    _known()
    for table in (
        "sequence",
        "sequence_version",
        "instance",
        "instance_due",
        "step",
        "lead",
        "suppression",
        "synced_campaign",
        "followup_settings",
    ):
        protect(table)


def _sequences() -> None:
    op.create_table(
        "sequence",
        sa.Column("sequence_id", sa.Uuid(), primary_key=True),
        workspace(),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("definition", JSONB(), nullable=False),
        sa.Column("trigger_event", sa.Text()),
        time("trigger_saved_at", required=True),
        time("created_at", required=True),
        time("updated_at", required=True),
        time("deleted_at"),
    )
    op.create_index(
        "sequence_name_key",
        "sequence",
        ["workspace_id", sa.text("lower(name)")],
        unique=True,
        postgresql_where=sa.text("deleted_at is null"),
    )
    op.create_index(
        "sequence_trigger_idx",
        "sequence",
        ["workspace_id", "trigger_event"],
        postgresql_where=sa.text("deleted_at is null and trigger_event is not null"),
    )
    op.create_table(
        "sequence_version",
        sa.Column("sequence_id", sa.Uuid(), sa.ForeignKey("sequence.sequence_id")),
        sa.Column("version", sa.Integer()),
        workspace(),
        sa.Column("definition", JSONB(), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        time("created_at", required=True),
        sa.PrimaryKeyConstraint("sequence_id", "version"),
    )


def _instances() -> None:
    op.create_table(
        "instance",
        sa.Column("instance_id", sa.Uuid(), primary_key=True),
        workspace(),
        sa.Column("sequence_id", sa.Uuid(), nullable=False),
        sa.Column("sequence_version", sa.Integer(), nullable=False),
        sa.Column("lead_id", sa.Text(), nullable=False),
        sa.Column("campaign_id", sa.String(64)),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("awaiting_answer", sa.Boolean(), nullable=False),
        time("next_at"),
        sa.Column("reason", sa.Text()),
        sa.Column("detail", sa.Text()),
        sa.Column("codes", JSONB(), nullable=False, server_default="[]"),
        sa.Column("history", JSONB(), nullable=False, server_default="[]"),
        sa.Column("started_by", sa.Text(), nullable=False),
        sa.Column("trigger_id", sa.Text()),
        time("started_at", required=True),
        time("ended_at"),
        sa.ForeignKeyConstraint(
            ["sequence_id", "sequence_version"],
            ["sequence_version.sequence_id", "sequence_version.version"],
        ),
        sa.CheckConstraint("state in ('active', 'paused', 'completed', 'stopped')", name="state"),
        sa.CheckConstraint("state <> 'active' or next_at is not null", name="active_has_a_time"),
        # Room on the page for the updates of each step, which then touch no index.
        postgresql_with={"fillfactor": 70},
    )
    op.create_index(
        "instance_live_key",
        "instance",
        ["workspace_id", "lead_id", "sequence_id"],
        unique=True,
        postgresql_where=sa.text(LIVE),
    )
    op.create_index(
        "instance_trigger_key",
        "instance",
        ["workspace_id", "lead_id", "sequence_id", "trigger_id"],
        unique=True,
        postgresql_where=sa.text("trigger_id is not null"),
    )
    op.create_index("instance_list_idx", "instance", ["workspace_id", "instance_id"])
    op.create_index("instance_sequence_idx", "instance", ["sequence_id", "instance_id"])
    op.create_index(
        "instance_paused_idx",
        "instance",
        ["workspace_id", "instance_id"],
        postgresql_where=sa.text("state = 'paused'"),
    )
    op.create_table(
        "instance_due",
        sa.Column(
            "instance_id", sa.Uuid(), sa.ForeignKey("instance.instance_id"), primary_key=True
        ),
        workspace(),
        time("due_at"),
        sa.Column("lease_token", sa.Uuid()),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("deaths", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("traceparent", sa.Text()),
    )
    op.create_index(
        "instance_due_due_idx",
        "instance_due",
        ["workspace_id", "due_at"],
        postgresql_where=sa.text("due_at is not null"),
    )
    op.create_table(
        "step",
        sa.Column("instance_id", sa.Uuid(), sa.ForeignKey("instance.instance_id")),
        sa.Column("number", sa.Integer()),
        workspace(),
        sa.Column("request_id", sa.Uuid(), nullable=False, unique=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text()),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("in_reply_to", sa.Text()),
        sa.Column("resolution", JSONB(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        time("requested_at", required=True),
        time("sent_at"),
        sa.Column("provider_message_id", sa.Text()),
        sa.Column("error", sa.Text()),
        sa.Column("failures", JSONB(), nullable=False, server_default="[]"),
        sa.PrimaryKeyConstraint("instance_id", "number"),
        sa.CheckConstraint(
            "status in ('waiting', 'requested', 'sent', 'failed', 'unknown')", name="status"
        ),
        sa.CheckConstraint("(status = 'sent') = (sent_at is not null)", name="sent_has_a_time"),
        postgresql_with={"fillfactor": 70},
    )


def _known() -> None:
    op.create_table(
        "lead",
        workspace(),
        sa.Column("lead_id", sa.Text()),
        sa.Column("profile", JSONB(), nullable=False, server_default="{}"),
        time("profile_at"),
        sa.Column("campaign_id", sa.String(64)),
        sa.Column("first_message_id", sa.Text()),
        sa.Column("last_message_id", sa.Text()),
        time("last_reply_at"),
        sa.Column("last_email_id", sa.Text()),
        sa.Column("last_email_subject", sa.Text()),
        sa.PrimaryKeyConstraint("workspace_id", "lead_id"),
    )
    op.create_table(
        "suppression",
        sa.Column("suppression_id", sa.Uuid(), primary_key=True),
        workspace(),
        sa.Column("lead_id", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        time("created_at", required=True),
        sa.UniqueConstraint("workspace_id", "lead_id"),
    )
    op.create_index("suppression_list_idx", "suppression", ["workspace_id", "suppression_id"])
    op.create_table(
        "synced_campaign",
        workspace(),
        sa.Column("campaign_id", sa.String(64)),
        sa.Column("name", sa.Text()),
        sa.Column("booking_link", sa.Text()),
        sa.Column("removed", sa.Boolean(), nullable=False),
        time("updated_at", required=True),
        sa.PrimaryKeyConstraint("workspace_id", "campaign_id"),
    )
    op.create_table(
        "followup_settings",
        sa.Column("workspace_id", sa.String(64), primary_key=True),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("send_window", JSONB()),
        sa.Column("booking_link", sa.Text()),
        sa.Column("answer_timeout_seconds", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
    )
