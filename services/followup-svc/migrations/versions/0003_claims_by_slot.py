"""Claims find the oldest due rows by slot.

The index by workspace stays: processes of the version before claim by it.

Revision ID: 0003
Revises: 0002
"""

from service_kit.migrations import index_due

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    index_due("instance_due")
