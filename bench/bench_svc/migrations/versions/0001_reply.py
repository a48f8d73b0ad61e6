"""The kit's tables and one of the service's own."""

from alembic import op
from service_kit.migrations import kit_tables_v1, protect

revision = "0001"
down_revision = None


def upgrade() -> None:
    kit_tables_v1()
    op.execute(
        "create table reply (reply_id uuid primary key, workspace_id varchar(64) not null,"
        " message_id text not null)"
    )
    protect("reply")
