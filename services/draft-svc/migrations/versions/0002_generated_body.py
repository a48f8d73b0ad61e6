"""The body as the model wrote it, beside the one that was approved.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("draft", sa.Column("generated_body", sa.Text()))
    # Of a body that was edited while it was approved, the original is gone.
    op.execute(
        "update draft set generated_body = body"
        " where body is not null and (status <> 'approved' or edit_distance = 0)"
    )
