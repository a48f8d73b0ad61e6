"""Replies of a clock that was ahead count from when they were stored: none outdates later ones.

Revision ID: 0005
Revises: 0004
"""

from alembic import op
from service_kit.data_migrations import all_rows_v1

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    with all_rows_v1("draft"):
        op.execute("update draft set received_at = created_at where received_at > created_at")
