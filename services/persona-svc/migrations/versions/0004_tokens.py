"""Greetings that hold the merge fields of other programs name our tokens.

draft-svc reads both alike, so that no reader has to be told.

Revision ID: 0004
Revises: 0003
"""

from service_kit.data_migrations import all_rows_v1, rewrite_tokens_v1

revision = "0004"
down_revision = "0003"
GREETINGS = (
    ("persona", "fields", "greeting"),
    ("persona", "fields", "sms_greeting"),
    ("persona_version", "fields", "greeting"),
    ("persona_version", "fields", "sms_greeting"),
    ("workspace", "settings", "ai_greeting"),
    ("workspace", "settings", "ai_sms_greeting"),
)


def upgrade() -> None:
    with all_rows_v1("persona", "persona_version", "workspace"):
        for table, column, greeting in GREETINGS:
            rewrite_tokens_v1(table, column, greeting)
