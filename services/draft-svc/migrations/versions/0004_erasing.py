"""What is kept of a persona, a lead or a workspace can be erased.

Revision ID: 0004
Revises: 0003
"""

from service_kit.migrations import kit_tables_v2

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    kit_tables_v2()
