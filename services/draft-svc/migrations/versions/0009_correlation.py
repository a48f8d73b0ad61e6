"""The correlation of the reply, for all that follows from it; older code leaves it null.

Revision ID: 0009
Revises: 0008
"""

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.execute("alter table draft add column correlation_id text")
