"""API keys that are limited to some personas see sequences and instances of these alone.

Revision ID: 0010
Revises: 0009
"""

from service_kit.migrations import OF_CALLER, limit_to_personas

revision = "0010"
down_revision = "0009"

NAMED = f"definition->>'ai_persona_id' = {OF_CALLER}"
OF_A_VERSION = """exists (
  select from sequence_version seen where seen.sequence_id = instance.sequence_id
    and seen.version = instance.sequence_version
)"""


def upgrade() -> None:
    limit_to_personas("sequence", NAMED)
    limit_to_personas("sequence_version", NAMED)
    limit_to_personas("instance", OF_A_VERSION)
    # In a sequence of one persona a campaign may let another speak.
    limit_to_personas("step", f"resolution->>'persona_id' = {OF_CALLER}")
