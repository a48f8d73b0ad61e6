"""Who deleted a persona; its tags are among its fields.

Revision ID: 0010
Revises: 0009
"""

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.execute("alter table persona add column deleted_by text")
