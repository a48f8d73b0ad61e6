"""The audit trail.

Revision ID: 0006
Revises: 0005
"""

from service_kit.migrations import kit_tables_v3

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    kit_tables_v3()
