"""Look through every table of a database for what must not, or must still, be there."""

from collections import Counter
from collections.abc import Iterator

import psycopg
from psycopg import sql

_COLUMNS = """
select table_name, array_agg(array[column_name, data_type]::text[] order by ordinal_position)
from information_schema.columns join information_schema.tables using (table_schema, table_name)
where table_schema = 'public' and table_type = 'BASE TABLE' and table_name <> 'alembic_version'
group by table_name order by table_name
"""

Row = tuple[str, str]
"""A table, and one of its rows as text, with bytes as the ASCII in them."""


def rows_with(connection: psycopg.Connection, *canaries: str) -> Counter[Row]:
    """Return every row of every table that holds one of `canaries`, in whatever column."""
    return Counter(
        (table, row)
        for table, row in _rows(connection)
        if any(canary in row for canary in canaries)
    )


def tables_with(connection: psycopg.Connection, *canaries: str) -> set[str]:
    """Return the tables that hold one of `canaries`."""
    return {table for table, _ in rows_with(connection, *canaries)}


def tenant_tables(connection: psycopg.Connection) -> set[str]:
    """Return the tables with rows of workspaces."""
    return {
        table
        for table, columns in connection.execute(_COLUMNS)
        if any(name == "workspace_id" for name, _ in columns)
    }


def _rows(connection: psycopg.Connection) -> Iterator[Row]:
    for table, columns in connection.execute(_COLUMNS).fetchall():
        shown = sql.SQL(", ").join(
            sql.SQL("coalesce(encode({}, 'escape'), '')").format(sql.Identifier(name))
            if kind == "bytea"
            else sql.SQL("coalesce({}::text, '')").format(sql.Identifier(name))
            for name, kind in columns
        )
        query = sql.SQL("select concat_ws(' | ', {}) from {}").format(shown, sql.Identifier(table))
        for (row,) in connection.execute(query):
            yield table, row
