"""When the campaign of a stored lead was named: 0002 changed no row of a forced policy.

Revision ID: 0009
Revises: 0008
"""

from alembic import op
from service_kit.data_migrations import all_rows_v1

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    with all_rows_v1("lead"):
        op.execute(
            "update lead set campaign_at = profile_at"
            " where campaign_id is not null and campaign_at is null"
        )
