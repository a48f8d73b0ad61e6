"""When a lead's campaign was named, so that a late, older reply does not take it back.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("lead", sa.Column("campaign_at", sa.DateTime(timezone=True)))
    op.execute("update lead set campaign_at = profile_at where campaign_id is not null")
