"""Holidays of a workspace.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column(
        "followup_settings",
        sa.Column("holidays", JSONB(), nullable=False, server_default="{}"),
    )
