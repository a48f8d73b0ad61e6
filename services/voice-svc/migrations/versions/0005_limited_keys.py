"""API keys that are limited to some personas see the agents and calls of these alone.

Revision ID: 0005
Revises: 0004
"""

from service_kit.migrations import OF_CALLER, limit_to_personas

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    for table in ("agent", "call"):
        limit_to_personas(table, f"persona_id::text = {OF_CALLER}")
