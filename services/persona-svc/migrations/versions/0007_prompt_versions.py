"""Versions of prompts, which of them is active, and each time that changed.

What personas have now becomes version 1. Code that is older than this writes no versions: the next
change of a persona stores what is missing.

Revision ID: 0007
Revises: 0006
"""

from alembic import op
from service_kit.data_migrations import all_rows_v1
from service_kit.migrations import protect

revision = "0007"
down_revision = "0006"

# Erasing a persona erases its prompts, also by code that does not know of them.
OWNED = """
  workspace_id varchar(64) not null,
  persona_id uuid not null references persona (persona_id) on delete cascade,
  layer text not null check (layer in ('system', 'rag', 'user')),
  name text not null,
"""
TABLES = (
    f"""
    create table prompt_version (
      version_id uuid primary key,
      {OWNED}
      version integer not null,
      content text not null,
      content_sha256 text not null,
      author_id text not null,
      commit_message text,
      parent_version_id uuid,
      origin text not null,
      state text not null check (state in ('saved', 'proposed', 'refused')),
      errors jsonb not null default '[]',
      created_at timestamptz not null,
      unique (persona_id, layer, name, version)
    )
    """,
    f"""
    create table prompt_head (
      {OWNED}
      latest integer not null,
      active_version_id uuid references prompt_version (version_id) on delete cascade,
      revision integer not null,
      primary key (persona_id, layer, name)
    )
    """,
    f"""
    create table prompt_activation (
      activation_id bigint generated always as identity primary key,
      {OWNED}
      version_id uuid,
      previous_version_id uuid,
      actor text not null,
      at timestamptz not null,
      why text not null,
      persona_version integer not null,
      revision bigint not null
    )
    """,
    """
    create index prompt_activation_idx on prompt_activation
      (persona_id, layer, name, activation_id)
    """,
)
FIRST = """
with present as (
  select p.workspace_id, p.persona_id, layer, p.fields->>field as content, p.version, p.revision,
    coalesce(v.changed_by, p.created_by) as author, p.updated_at
  from persona p
    cross join (values ('system', 'content'), ('rag', 'rag_prompt'), ('user', 'user_prompt'))
      as layers (layer, field)
    left join persona_version v on v.persona_id = p.persona_id and v.version = p.version
  where p.fields->>field is not null
), first as (
  insert into prompt_version (version_id, workspace_id, persona_id, layer, name, version, content,
    content_sha256, author_id, origin, state, created_at)
  select gen_random_uuid(), workspace_id, persona_id, layer, 'main', 1, content,
    encode(sha256(convert_to(content, 'UTF8')), 'hex'), author, 'save', 'saved', updated_at
  from present
  returning version_id, workspace_id, persona_id, layer
), head as (
  insert into prompt_head (workspace_id, persona_id, layer, name, latest, active_version_id,
    revision)
  select workspace_id, persona_id, layer, 'main', 1, version_id, 1 from first
)
insert into prompt_activation (workspace_id, persona_id, layer, name, version_id, actor, at, why,
  persona_version, revision)
select f.workspace_id, f.persona_id, f.layer, 'main', f.version_id, p.author, p.updated_at, 'save',
  p.version, p.revision
from first f join present p on p.persona_id = f.persona_id and p.layer = f.layer
"""


def upgrade() -> None:
    for table in TABLES:
        op.execute(table)
    with all_rows_v1("persona", "persona_version"):
        op.execute(FIRST)
    protect("prompt_version", api="select, insert")
    protect("prompt_head")
    protect("prompt_activation", api="select, insert")
