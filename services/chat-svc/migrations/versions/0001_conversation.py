"""The kit's tables, conversations, and their messages.

Revision ID: 0001
Revises:
"""

from alembic import op
from service_kit.migrations import (
    OF_CALLER,
    index_due,
    kit_tables_v1,
    kit_tables_v2,
    limit_to_personas,
    protect,
)

revision, down_revision = "0001", None

CONVERSATION = """
create table conversation (
  conversation_id uuid primary key,
  workspace_id varchar(64) not null,
  user_id text not null,
  client_id text,
  persona_id uuid,
  branch_of uuid,
  title text not null,
  seq integer not null default 0,
  revision integer not null default 1,
  message_count integer not null default 0,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  last_message_at timestamptz,
  deleted_at timestamptz,
  unique (workspace_id, user_id, client_id)
)
"""
MESSAGE = """
create table message (
  message_id uuid primary key,
  workspace_id varchar(64) not null,
  conversation_id uuid not null,
  seq integer not null,
  role text not null check (role in ('user', 'assistant', 'system')),
  kind text not null check (kind in ('text', 'persona_switch')),
  status text not null
    check (status in ('queued', 'streaming', 'completed', 'stopped', 'failed')),
  content text not null default '',
  citations jsonb not null default '[]',
  knowledge text check (knowledge in ('used', 'none', 'unavailable')),
  token_count integer,
  model text,
  persona_id uuid,
  resolution jsonb,
  usage jsonb,
  error jsonb,
  answers uuid,
  client_key text,
  run integer not null default 0,
  stop_asked boolean not null default false,
  rating text check (rating in ('up', 'down')),
  feedback text,
  created_at timestamptz not null default now(),
  finished_at timestamptz,
  due_at timestamptz,
  lease_token uuid,
  attempts integer not null default 0,
  deaths integer not null default 0,
  traceparent text,
  unique (conversation_id, seq),
  unique (conversation_id, client_key)
)
"""


def upgrade() -> None:
    kit_tables_v1()
    kit_tables_v2()
    op.execute(CONVERSATION)
    op.execute(
        "create index conversation_user_idx on conversation"
        " (workspace_id, user_id, conversation_id) where deleted_at is null"
    )
    op.execute("create index conversation_persona_idx on conversation (workspace_id, persona_id)")
    op.execute(MESSAGE)
    op.execute("create index message_persona_idx on message (workspace_id, persona_id)")
    # Not while it is written: each second of an answer would be another entry.
    op.execute(
        "create index message_words_idx on message using gin (to_tsvector('simple', content))"
        " where status in ('completed', 'stopped')"
    )
    index_due("message")
    for table in ("conversation", "message"):
        protect(table)
        limit_to_personas(table, f"persona_id::text = {OF_CALLER}")
