"""Audio to be heard again, the characters that were spoken, and voices that stood in.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op
from service_kit.migrations import protect

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "audio",
        sa.Column("workspace_id", sa.String(64), primary_key=True),
        sa.Column("digest", sa.LargeBinary(), primary_key=True),
        sa.Column("persona_id", sa.Uuid(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=False),
    )
    # What is encrypted does not get smaller.
    op.execute("alter table audio alter column sealed set storage external")
    op.create_index("audio_stored_at_idx", "audio", ["stored_at"])
    op.create_index("audio_persona_idx", "audio", ["workspace_id", "persona_id"])
    op.create_table(
        "speech_usage",
        sa.Column("workspace_id", sa.String(64), primary_key=True),
        sa.Column("persona_id", sa.Uuid(), primary_key=True),
        sa.Column("month", sa.Date(), primary_key=True),
        sa.Column("characters", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("characters >= 0", name="characters"),
    )
    op.create_table(
        "voice_replacement",
        sa.Column("workspace_id", sa.String(64), primary_key=True),
        sa.Column("persona_id", sa.Uuid(), primary_key=True),
        sa.Column("voice_id", sa.Text(), primary_key=True),
        sa.Column("replacement_voice_id", sa.Text(), primary_key=True),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
    )
    for table in ("audio", "speech_usage", "voice_replacement"):
        protect(table)
