"""The audit trail.

Revision ID: 0002
Revises: 0001
"""

from service_kit.migrations import kit_tables_v3

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    kit_tables_v3()
