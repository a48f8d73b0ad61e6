"""`dramatis personas ensure-default`: a default persona where there is none."""

import asyncio
import os
from typing import Annotated

import typer
from persona_svc.usecases.ensure_all_defaults import ensure_all_defaults
from service_kit.store import Store
from sqlalchemy.exc import SQLAlchemyError

from dramatis.errors import CliError
from dramatis.output import print_json, print_plain
from dramatis.target import RestTarget

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
    store = Store(url, "persona-svc")
    try:
        return await ensure_all_defaults(store)
    except SQLAlchemyError as error:
        raise CliError(f"The database refused: {type(error).__name__}.") from error
    finally:
        await store.close()
