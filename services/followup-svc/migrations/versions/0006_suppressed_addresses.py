"""Suppressions hold e-mail addresses, and are kept when they are lifted.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op
from service_kit.data_migrations import all_rows_v1
from service_kit.migrations import protect
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0006"
down_revision = "0005"

ADDRESSES_OF_THE_SUPPRESSED = """
update suppression set addresses = array[lower(trim(lead.profile->>'email'))]
from lead
where lead.workspace_id = suppression.workspace_id and lead.lead_id = suppression.lead_id
  and lead.profile->>'email' like '%@%'
"""


def upgrade() -> None:
    op.add_column(
        "suppression",
        sa.Column("addresses", ARRAY(sa.Text()), nullable=False, server_default="{}"),
    )
    op.alter_column("suppression", "lead_id", nullable=True)
    with all_rows_v1("suppression", "lead"):
        op.execute(ADDRESSES_OF_THE_SUPPRESSED)
    op.create_index(
        "suppression_addresses_idx", "suppression", ["addresses"], postgresql_using="gin"
    )
    op.create_index(
        "lead_address_idx", "lead", ["workspace_id", sa.text("lower(profile->>'email')")]
    )
    op.create_table(
        "lifted_suppression",
        sa.Column("suppression_id", sa.Uuid(), primary_key=True),
        sa.Column("workspace_id", sa.String(64), nullable=False),
        sa.Column("lead_id", sa.Text()),
        sa.Column("addresses", ARRAY(sa.Text()), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lift_reason", sa.Text(), nullable=False),
        sa.Column("lifted_by", sa.Text(), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index(
        "lifted_suppression_list_idx", "lifted_suppression", ["workspace_id", "suppression_id"]
    )
    protect("lifted_suppression")
