"""The audit trail.

Revision ID: 0005
Revises: 0004
"""

from service_kit.migrations import kit_tables_v3

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    kit_tables_v3()
