"""Claims find the oldest due rows by slot.

The index by workspace stays: processes of the version before claim by it.

Revision ID: 0002
Revises: 0001
"""

from service_kit.migrations import index_due

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    index_due("content")
    index_due("document")
