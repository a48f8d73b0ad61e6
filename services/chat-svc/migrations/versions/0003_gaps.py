"""Questions that no passage answers, and where they were asked.

Revision ID: 0003
Revises: 0002
"""

from alembic import op
from service_kit.migrations import OF_CALLER, limit_to_personas, protect

revision = "0003"
down_revision = "0002"

GAP = """
create table gap (
  gap_id uuid primary key,
  workspace_id varchar(64) not null,
  persona_id uuid not null,
  question text not null,
  question_key text not null,
  revision integer not null,
  created_at timestamptz not null default now(),
  answered_at timestamptz,
  answered_by text,
  unique (workspace_id, persona_id, question_key)
)
"""
GAP_SOURCE = """
create table gap_source (
  gap_id uuid not null references gap on delete cascade,
  source_id text not null,
  workspace_id varchar(64) not null,
  origin text not null check (origin in ('chat', 'draft')),
  owner_id text not null,
  asked_at timestamptz not null,
  primary key (gap_id, source_id)
)
"""


def upgrade() -> None:
    op.execute(GAP)
    op.execute(GAP_SOURCE)
    op.execute("create index gap_source_owner_idx on gap_source (workspace_id, owner_id)")
    for table in ("gap", "gap_source"):
        protect(table)
    limit_to_personas("gap", f"persona_id::text = {OF_CALLER}")
