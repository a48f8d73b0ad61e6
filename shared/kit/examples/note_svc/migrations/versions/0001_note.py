"""The kit's tables, and notes."""

from alembic import op
from service_kit.migrations import index_due, kit_tables_v1, kit_tables_v2, kit_tables_v3, protect

revision, down_revision = "0001", None


def upgrade() -> None:
    for make_tables in (kit_tables_v1, kit_tables_v2, kit_tables_v3):
        make_tables()
    op.execute(
        "create table note (note_id uuid primary key, workspace_id varchar(64) not null,"
        " body text not null, text text, due_at timestamptz, lease_token uuid,"
        " attempts integer not null default 0, deaths integer not null default 0, traceparent text)"
    )
    index_due("note")
    protect("note")
