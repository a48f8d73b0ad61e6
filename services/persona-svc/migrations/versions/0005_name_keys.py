"""Names that differ by invisible characters alone have the same key.

Where another living persona has the key already, both keep theirs: an edit asks for another name.

Revision ID: 0005
Revises: 0004
"""

import re
import unicodedata

import sqlalchemy as sa
from alembic import op
from service_kit.data_migrations import all_rows_v1

revision = "0005"
down_revision = "0004"

UNSEEN = (
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
FIND = "select persona_id, name_key from persona where name_key ~ :unseen order by persona_id"
CHANGE = """
update persona set name_key = :new where persona_id = :persona_id and not exists (
  select from persona other where other.workspace_id = persona.workspace_id
  and other.name_key = :new and other.deleted_at is null and persona.deleted_at is null)
"""


def upgrade() -> None:
    connection = op.get_bind()
    with all_rows_v1("persona"):
        for persona_id, key in connection.execute(sa.text(FIND), {"unseen": UNSEEN}).all():
            seen = " ".join(re.sub(UNSEEN, "", key).split())
            new = unicodedata.normalize("NFKC", seen)
            connection.execute(sa.text(CHANGE), {"new": new, "persona_id": persona_id})
