"""API keys that are limited to some personas see the agents and calls of these alone.

Revision ID: 0004
Revises: 0003
"""

from service_kit.migrations import OF_CALLER, limit_to_personas

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    for table in ("agent", "call"):
        limit_to_personas(table, f"persona_id::text = {OF_CALLER}")
