"""The `dramatis` command."""

import sys

import typer
from service_kit.errors import ServiceError

from dramatis.commands import dead, demo, events, personas, replies, tokens, topology, up
from dramatis.errors import CliError
from dramatis.output import err

app = typer.Typer(
    name="dramatis",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Run Dramatis on this machine, try it, and operate it.",
)
for group in (up, demo, tokens, replies, personas, events, dead, topology):
    group.register(app)


def main() -> None:
    """Run the command; exit code 0: done, 1: it failed, 2: it was called wrongly."""
    try:
        app()
    except CliError as error:
        _tell(str(error), error.mend)
    except ServiceError as error:
        _tell(str(error), None)


def _tell(what: str, mend: str | None) -> None:
    err.print(f"[bold red]error[/] {_escaped(what)}", soft_wrap=True)
    if mend:
        err.print(_escaped(mend), soft_wrap=True)
    sys.exit(1)


def _escaped(text: str) -> str:
    return text.replace("[", "\\[")


if __name__ == "__main__":
    main()
