"""The kit's tables, sessions of browsers, and codes of one-time links.

Revision ID: 0001
Revises:
"""

from alembic import op
from service_kit.migrations import kit_tables_v1, kit_tables_v2, kit_tables_v3, protect

revision, down_revision = "0001", None

SESSION = """
create table browser_session (
  session_id uuid primary key,
  workspace_id varchar(64) not null,
  digest bytea not null unique,
  subject text not null,
  role text not null check (role in ('viewer', 'editor', 'admin')),
  name text,
  email text,
  user_agent text not null,
  created_at timestamptz not null,
  seen_at timestamptz not null,
  expires_at timestamptz not null
)
"""
CODE = """
create table login_code (
  digest bytea primary key,
  workspace_id varchar(64) not null,
  subject text not null,
  role text not null check (role in ('viewer', 'editor', 'admin')),
  expires_at timestamptz not null
)
"""


def upgrade() -> None:
    kit_tables_v1()
    kit_tables_v2()
    kit_tables_v3()
    op.execute(SESSION)
    op.execute(
        "create index browser_session_page_idx on browser_session (workspace_id, session_id)"
    )
    op.execute("create index browser_session_expires_at_idx on browser_session (expires_at)")
    op.execute(CODE)
    for table in ("browser_session", "login_code"):
        protect(table)
