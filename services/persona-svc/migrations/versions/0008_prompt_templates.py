"""A workspace's own templates of prompts, in versions.

Revision ID: 0008
Revises: 0007
"""

from alembic import op
from service_kit.migrations import protect

revision = "0008"
down_revision = "0007"

TABLE = """
create table prompt_template (
  workspace_id varchar(64) not null,
  template_id text not null,
  version integer not null,
  title text not null,
  description text,
  languages jsonb not null,
  system text not null,
  rag text not null,
  "user" text not null,
  created_by text not null,
  created_at timestamptz not null,
  primary key (workspace_id, template_id, version)
)
"""


def upgrade() -> None:
    op.execute(TABLE)
    protect("prompt_template", api="select, insert")
