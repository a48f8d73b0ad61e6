"""Gates: what a version of a prompt must pass before it is activated.

Revision ID: 0009
Revises: 0008
"""

from alembic import op
from service_kit.migrations import protect

revision = "0009"
down_revision = "0008"

TABLE = """
create table prompt_gate (
  gate_id bigint generated always as identity primary key,
  workspace_id varchar(64) not null,
  persona_id uuid not null references persona (persona_id) on delete cascade,
  version_id uuid not null references prompt_version (version_id) on delete cascade,
  state text not null check (state in ('waiting', 'passed', 'failed', 'overridden')),
  deadline timestamptz not null,
  decided_by text,
  decided_at timestamptz,
  why text
)
"""


def upgrade() -> None:
    op.execute(TABLE)
    op.execute("create index prompt_gate_version_idx on prompt_gate (version_id, gate_id)")
    protect("prompt_gate")
