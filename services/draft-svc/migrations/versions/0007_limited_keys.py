"""API keys that are limited to some personas see the drafts of these alone.

Revision ID: 0007
Revises: 0006
"""

from service_kit.migrations import OF_CALLER, limit_to_personas

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    limit_to_personas("draft", f"resolution->>'persona_id' = {OF_CALLER}")
