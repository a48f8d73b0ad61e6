"""Templates that hold the merge fields of other programs name our tokens.

They went out as they stood. Older code reads what they become. What surely means no token stays
as it is: it is no longer sent, and `dramatis sequences lint --stored` lists it.

Revision ID: 0005
Revises: 0004
"""

from service_kit.data_migrations import all_rows_v1, rewrite_tokens_v1

revision = "0005"
down_revision = "0004"
TABLES = ("sequence", "sequence_version")


def upgrade() -> None:
    with all_rows_v1(*TABLES):
        for table in TABLES:
            rewrite_tokens_v1(table, "definition")
