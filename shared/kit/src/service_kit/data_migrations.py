"""What migrations do to rows that are there already; each piece stays as it was written."""

from collections.abc import Generator
from contextlib import contextmanager

from alembic import op
from sqlalchemy import ARRAY, Text, cast, column, func, table, update
from sqlalchemy.dialects.postgresql import JSONB

_TOKENS_V1 = {
    "firstName": "first[_ ]?name|fname",
    "lastName": "last[_ ]?name|lname",
    "fullName": "full[_ ]?name",
    "company": "company[_ ]?name|company",
    "email": "email[_ ]?address|email",
    "phone": "phone[_ ]?number|phone",
    "senderName": "sender[_ ]?name",
}
"""Our tokens, and the names that surely mean them; a migration never changes."""
_WRITTEN_V1 = r"\{\{|\*\||%[a-zA-Z_ ]+%"
"""What a text has that may have to be rewritten."""
_WITH_DEFAULT_V1 = (
    r"\{{\{{\s*({names})\s*\|\s*(default)?[\s:(]*\\?[\"']?([^\"'\\{{}}|()]*)\\?[\"']?[\s)]*\}}\}}"
)
_BARE_V1 = r"\{{\{{\s*({names})\s*\}}\}}|\*\|({names})\|\*|%({names})%"


def rewrite_tokens_v1(name: str, of: str, key: str | None = None) -> None:
    """Write `{{first_name}}` and its like as `{firstName}`, in every row of a table.

    A default stays one: `{{ first_name | default: "there" }}` is `{firstName|there}`.

    Args:
        name: the table.
        of: its column, of JSON.
        key: the text of the column's object to change; None: all of its texts.
    """
    rows = table(name, column(of, JSONB))
    stored = rows.c[of]
    before = cast(stored, Text) if key is None else stored[key].astext
    after = before
    for token, names in _TOKENS_V1.items():
        with_default = _WITH_DEFAULT_V1.format(names=names), rf"{{{token}|\3}}"
        for pattern, written in (with_default, (_BARE_V1.format(names=names), f"{{{token}}}")):
            after = func.regexp_replace(after, pattern, written, "gi")
    path = cast([key], ARRAY(Text))
    value = (
        cast(after, JSONB) if key is None else func.jsonb_set(stored, path, func.to_jsonb(after))
    )
    op.execute(update(rows).where(before.op("~")(_WRITTEN_V1)).values({of: value}))


@contextmanager
def all_rows_v1(*tables: str) -> Generator[None]:
    """Let the owner change every row of tables: it bypasses no policy while they are forced."""
    for each in tables:
        op.execute(f"alter table {each} no force row level security")
    yield
    for each in tables:
        op.execute(f"alter table {each} force row level security")
