"""Since when an instance is paused; older code leaves it null.

Revision ID: 0012
Revises: 0011
"""

from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.execute("alter table instance add column paused_at timestamptz")
