"""Claims look by slot (0003): the index of due drafts by workspace has no reader any more.

Revision ID: 0006
Revises: 0005
"""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.execute("drop index draft_due_idx")
