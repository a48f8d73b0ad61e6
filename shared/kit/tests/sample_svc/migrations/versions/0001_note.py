"""The kit's tables, and notes."""

from alembic import op
from service_kit.migrations import kit_tables_v1, protect

revision = "0001"
down_revision = None


def upgrade() -> None:
    kit_tables_v1()
    op.execute(
        "create table note (note_id bigserial primary key, workspace_id varchar(64) not null,"
        " body text not null)"
    )
    protect("note")
