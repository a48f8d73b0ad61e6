"""What is kept of a persona, a lead or a workspace can be erased.

Revision ID: 0003
Revises: 0002
"""

from service_kit.migrations import kit_tables_v2

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    kit_tables_v2()
