"""Deleted personas are erased when their retention is over.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op
from service_kit.migrations import kit_tables_v2

revision = "0003"
down_revision = "0002"

# Personas deleted before this version have 30 days from now: nobody was told another time.
SCHEDULE_EARLIER = """
with gone as (
  update persona set erase_after = now() + interval '30 days' where deleted_at is not null
  returning workspace_id, persona_id, deleted_at, erase_after
)
insert into erasure (erasure_id, workspace_id, kind, key, subject_id, before, due_at)
select gen_random_uuid(), workspace_id, 'persona',
  encode(sha256(convert_to('persona/' || persona_id, 'UTF8')), 'hex'),
  persona_id, deleted_at, erase_after
from gone
"""


def upgrade() -> None:
    kit_tables_v2()
    op.add_column("persona", sa.Column("erase_after", sa.DateTime(timezone=True)))
    # The owner bypasses no policy on its tables while they are forced.
    for table in ("persona", "erasure"):
        op.execute(f"alter table {table} no force row level security")
    op.execute(SCHEDULE_EARLIER)
    for table in ("persona", "erasure"):
        op.execute(f"alter table {table} force row level security")
    op.create_check_constraint(
        "persona_deleted_has_an_end", "persona", "(deleted_at is null) = (erase_after is null)"
    )
