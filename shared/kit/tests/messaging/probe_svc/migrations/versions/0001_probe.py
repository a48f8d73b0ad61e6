"""The kit's tables and one table of work."""

import sqlalchemy as sa
from alembic import op
from service_kit.migrations import index_due, kit_tables_v1, protect

revision = "0001"
down_revision = None


def upgrade():
    kit_tables_v1()
    op.create_table(
        "job",
        sa.Column("job_id", sa.Uuid(), primary_key=True),
        sa.Column("workspace_id", sa.String(64), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("result", sa.Text()),
        sa.Column("due_at", sa.DateTime(timezone=True)),
        sa.Column("lease_token", sa.Uuid()),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("deaths", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("traceparent", sa.Text()),
    )
    index_due("job")
    protect("job")
