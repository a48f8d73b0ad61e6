"""What tests of prompts took.

Revision ID: 0004
Revises: 0003
"""

from alembic import op
from service_kit.migrations import OF_CALLER, limit_to_personas, protect

revision = "0004"
down_revision = "0003"

TABLE = """
create table prompt_test (
  test_id uuid primary key,
  workspace_id varchar(64) not null,
  persona_id uuid not null,
  version integer not null,
  side text not null check (side in ('active', 'draft')),
  model text not null,
  input_tokens integer not null,
  output_tokens integer not null,
  cost_microusd bigint,
  took_ms integer not null,
  created_at timestamptz not null
)
"""


def upgrade() -> None:
    op.execute(TABLE)
    op.execute("create index prompt_test_persona_idx on prompt_test (persona_id, test_id)")
    protect("prompt_test")
    limit_to_personas("prompt_test", f"persona_id::text = {OF_CALLER}")
