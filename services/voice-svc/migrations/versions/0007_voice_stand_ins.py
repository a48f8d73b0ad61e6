"""Which voice an agent has in place of its persona's own, and what voices were like.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op
from service_kit.migrations import protect

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("agent", sa.Column("voice_id", sa.Text()))
    op.add_column("agent", sa.Column("replaced_voice_id", sa.Text()))
    op.create_table(
        "known_voice",
        sa.Column("workspace_id", sa.String(64), primary_key=True),
        sa.Column("persona_id", sa.Uuid(), primary_key=True),
        sa.Column("voice_id", sa.Text(), primary_key=True),
        sa.Column("gender", sa.Text()),
        sa.Column("accent", sa.Text()),
        sa.Column("age", sa.Text()),
        sa.Column("language", sa.Text()),
    )
    protect("known_voice")
