"""`dramatis tui`: the stack full screen in a terminal."""

from typing import TYPE_CHECKING, Annotated

import typer

from dramatis.errors import CliError
from dramatis.lazy import Lazy
from dramatis.options import examples, expand
from dramatis.target import RestTarget
from dramatis.tui.views import FIRST

if TYPE_CHECKING:
    from dramatis.tui import app
else:
    app = Lazy("dramatis.tui.app")


def tui(
    target: RestTarget,
    *,
    view: Annotated[str, typer.Argument(help="The list to begin with, such as drafts.")] = FIRST,
) -> None:
    """Look at everything and change it, full screen: `:` commands, `/` filter, `?` keys."""
    if target.json:
        raise CliError("A full screen is no JSON.", "Every other command has --json.")
    app.start(target, view)


def register(main: typer.Typer) -> None:
    """Add the command."""
    lines = ("dramatis tui", "dramatis tui drafts --workspace acme")
    main.command(epilog=examples(*lines))(expand(tui))
