"""Whether a step waits for the next window after an auto-reply.

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column(
        "followup_settings",
        sa.Column("postpone_on_auto_reply", sa.Boolean(), nullable=False, server_default=sa.true()),
    )
