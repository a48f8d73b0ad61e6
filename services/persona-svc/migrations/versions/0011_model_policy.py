"""The history of which models a workspace uses.

Revision ID: 0011
Revises: 0010
"""

from alembic import op
from service_kit.migrations import protect

revision = "0011"
down_revision = "0010"

TABLE = """
create table model_policy (
  workspace_id varchar(64) not null,
  version integer not null,
  policy jsonb not null,
  changed_by text not null,
  created_at timestamptz not null,
  primary key (workspace_id, version)
)
"""


def upgrade() -> None:
    op.execute(TABLE)
    protect("model_policy")
