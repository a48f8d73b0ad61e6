"""A campaign has one persona for all channels, and may have another for a channel.

An e-mail assignment of a campaign without others becomes the general one, and its state document
goes out again. While old code runs, it sees such a campaign as unassigned.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_MOVE = """
create temporary table moved on commit drop as
  select workspace_id, campaign_id, (array_agg(persona_id))[1] as persona_id
  from assignment group by workspace_id, campaign_id having array_agg(channel) = '{email}';

update workspace set revision = revision + 1
  where workspace_id in (select workspace_id from moved);

alter table campaign add column persona_id uuid;

update campaign set persona_id = moved.persona_id from moved
  where campaign.workspace_id = moved.workspace_id and campaign.campaign_id = moved.campaign_id;

delete from assignment using moved
  where assignment.workspace_id = moved.workspace_id
    and assignment.campaign_id = moved.campaign_id;

update state_document set revision = workspace.revision, updated_at = now(),
  body = body || jsonb_build_object(
    'revision', workspace.revision,
    'assignments', jsonb_build_object(
      'any', moved.persona_id, 'email', moved.persona_id,
      'sms', moved.persona_id, 'linkedin', moved.persona_id))
  from moved join workspace on workspace.workspace_id = moved.workspace_id
  where state_document.subject =
    'persona-state.v1.' || moved.workspace_id || '.campaign.' || moved.campaign_id
"""


def upgrade() -> None:
    # Every command locks its workspace's row first: so does this, or the two could wait for each
    # other.
    op.execute(
        "select 1 from workspace where workspace_id in (select workspace_id from assignment)"
        " order by workspace_id for update"
    )
    for statement in _MOVE.split(";"):
        op.execute(statement)
    op.create_foreign_key(
        "campaign_persona_fkey",
        "campaign",
        "persona",
        ["workspace_id", "persona_id"],
        ["workspace_id", "persona_id"],
    )
    op.create_index(
        "campaign_persona_idx",
        "campaign",
        ["workspace_id", "persona_id"],
        postgresql_where=sa.text("persona_id is not null"),
    )
