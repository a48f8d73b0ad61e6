"""The audit trail.

Revision ID: 0011
Revises: 0010
"""

from service_kit.migrations import kit_tables_v3

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    kit_tables_v3()
