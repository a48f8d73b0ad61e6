"""The correlation of what started an instance; older code leaves it null.

Revision ID: 0013
Revises: 0012
"""

from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.execute("alter table instance add column correlation_id text")
