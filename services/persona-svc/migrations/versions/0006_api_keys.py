"""API keys: what KEY_STATE is published from, and refilled from when the stream is lost.

Revision ID: 0006
Revises: 0005
"""

from alembic import op
from service_kit.migrations import protect

revision = "0006"
down_revision = "0005"

TABLE = """
create table api_key (
  key_id uuid primary key,
  workspace_id varchar(64) not null,
  name text not null,
  role text not null check (role in ('viewer', 'editor', 'admin')),
  persona_ids uuid[],
  shown text not null,
  digest text unique,
  created_by text not null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  last_used_at timestamptz,
  revoked_at timestamptz,
  revision bigint not null,
  published_revision bigint not null default 0,
  check ((digest is null) = (revoked_at is not null))
)
"""


def upgrade() -> None:
    op.execute(TABLE)
    op.execute("create index api_key_workspace_idx on api_key (workspace_id, key_id)")
    op.execute(
        "create index api_key_unpublished_idx on api_key (key_id)"
        " where published_revision < revision"
    )
    protect("api_key", api="select, insert, update")
