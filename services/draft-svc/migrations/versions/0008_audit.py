"""The audit trail.

Revision ID: 0008
Revises: 0007
"""

from service_kit.migrations import kit_tables_v3

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    kit_tables_v3()
