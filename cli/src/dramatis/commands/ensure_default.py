"""`dramatis personas ensure-default`: a default persona where there is none."""

import asyncio
import os
from typing import TYPE_CHECKING, Annotated

import typer

from dramatis.errors import CliError
from dramatis.lazy import Lazy
from dramatis.output import print_json, print_plain
from dramatis.target import RestTarget

if TYPE_CHECKING:
    import sqlalchemy.exc as database_errors
    from persona_svc.usecases import ensure_all_defaults
    from service_kit import store
else:
    database_errors = Lazy("sqlalchemy.exc")
    ensure_all_defaults = Lazy("persona_svc.usecases.ensure_all_defaults")
    store = Lazy("service_kit.store")

DATABASE_URL = "DRAMATIS_DATABASE_URL"


def ensure_default(
    target: RestTarget,
    *,
    all_workspaces: Annotated[
        bool,
        typer.Option(
            "--all-workspaces",
            help=f"For operators: every workspace of the database that {DATABASE_URL} names.",
        ),
    ] = False,
) -> None:
    """Make a default persona from the old settings, where a workspace has none; safe to repeat."""
    if all_workspaces:
        made = asyncio.run(_everywhere())
        if target.json:
            print_json({"made": made})
        else:
            print_plain(f"{made} workspaces have a default persona now that had none.")
        return
    with target.rest("persona") as api:
        answer = api.send("POST", "/api/personas/ensure-default").json()
    if target.json:
        print_json(answer)
    else:
        how = "made from the settings" if answer["created"] else "there already"
        print_plain(f"{answer['persona']['name']}: {how}.")


async def _everywhere() -> int:
    url = os.environ.get(DATABASE_URL)
    if not url:
        raise CliError(f"{DATABASE_URL} is not set.", "It names persona-svc's database.")
    opened = store.Store(url, "persona-svc")
    try:
        return await ensure_all_defaults.ensure_all_defaults(opened)
    except database_errors.SQLAlchemyError as error:
        raise CliError(f"The database refused: {type(error).__name__}.") from error
    finally:
        await opened.close()
