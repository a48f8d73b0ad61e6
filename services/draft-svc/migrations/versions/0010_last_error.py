"""Why a draft is tried again; older code leaves it null.

Revision ID: 0010
Revises: 0009
"""

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.execute("alter table draft add column last_error jsonb")
