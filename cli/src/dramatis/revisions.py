"""Raises every revision of persona-svc's database (domain.md §3, after a database restore)."""

from typing import LiteralString

import psycopg
from service_kit.store import normalise_url
from service_kit.wakeups import OUTBOX_CHANNEL

_STATEMENTS: tuple[LiteralString, ...] = (
    # The workspaces first: whoever changes anything locks theirs before all else.
    """
    update workspace set revision = revision + %(by)s,
    settings_revision = case settings_revision when 0 then 0 else settings_revision + %(by)s end
    """,
    "update persona set revision = revision + %(by)s",
    """
    update state_document set revision = revision + %(by)s, updated_at = now(),
    body = jsonb_set(body, '{revision}', to_jsonb((body->>'revision')::bigint + %(by)s))
    """,
)


def bump_revisions(owner_url: str, by: int) -> int:
    """Add `by` to every revision, all or nothing; return how many documents go out again.

    Raises:
        psycopg.Error: the database is away, refuses, or is not persona-svc's.
    """
    url = normalise_url(owner_url).set(drivername="postgresql")
    with psycopg.connect(url.render_as_string(hide_password=False)) as connection:
        documents = 0
        for statement in _STATEMENTS:
            documents = connection.execute(statement, {"by": by}).rowcount
        connection.execute("select pg_notify(%s, '')", [OUTBOX_CHANNEL])
        return documents
