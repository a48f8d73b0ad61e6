"""API keys that are limited to some personas see the drafts of these alone.

Revision ID: 0006
Revises: 0005
"""

from service_kit.migrations import OF_CALLER, limit_to_personas

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    limit_to_personas("draft", f"resolution->>'persona_id' = {OF_CALLER}")
