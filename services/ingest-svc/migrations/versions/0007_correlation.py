"""The correlation of what announced, or deleted, a file; older code leaves it null.

Revision ID: 0007
Revises: 0006
"""

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.execute("alter table document add column correlation_id text")
