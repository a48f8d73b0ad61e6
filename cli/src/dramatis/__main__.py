"""The `dramatis` command."""

import sys
from importlib import import_module

import typer
from service_kit.api_keys import PREFIX
from service_kit.errors import ServiceError

from dramatis.errors import CliError
from dramatis.local import has_local
from dramatis.output import err

GROUPS = {
    "up": "up",
    "demo": "demo",
    "token": "tokens",
    "login": "login",
    "keys": "keys",
    "replies": "replies",
    "personas": "personas",
    "prompts": "prompts",
    "chat": "chat",
    "conversations": "conversations",
    "files": "files",
    "sequences": "sequences",
    "instances": "instances",
    "agents": "agents",
    "calls": "calls",
    "voices": "voices",
    "events": "events",
    "dead": "dead",
    "audit": "audit",
    "topology": "topology",
}
"""First word of a command → its module in `dramatis.commands`."""
LOCAL = ("up", "demo")
"""Those that need `dramatis[local]`."""


def main() -> None:
    """Run the command; exit code 0: done, 1: it failed, 2: it was called wrongly."""
    try:
        _refuse_local(sys.argv[1:2])
        _refuse_keys(sys.argv)
        _app(sys.argv[1:2])()
    except CliError as error:
        _tell(str(error), error.fix)
    except ServiceError as error:
        _tell(str(error), None)
    except TimeoutError as error:
        _tell(f"Something did not happen in time. {error}".strip(), None)


def _app(first: list[str]) -> typer.Typer:
    """Return the commands; only the group asked for, when it is known, for a quick start."""
    app = typer.Typer(
        name="dramatis",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        help="Run Dramatis on this machine, try it, and operate it.",
    )
    app.callback()(_root)
    installed = [name for name in GROUPS if has_local() or name not in LOCAL]
    for name in [name for name in installed if name in first] or installed:
        import_module(f"dramatis.commands.{GROUPS[name]}").register(app)
    return app


def _refuse_local(first: list[str]) -> None:
    if not has_local() and set(first) & set(LOCAL):
        raise CliError(
            f"`dramatis {first[0]}` starts everything on this machine, which is not installed.",
            "Install dramatis[local].",
        )


def _refuse_keys(arguments: list[str]) -> None:
    if any(PREFIX in argument for argument in arguments):
        raise CliError(
            "An API key must not stand in a command line: every user of this machine can see it.",
            "Revoke it, make another, and set DRAMATIS_TOKEN.",
        )


def _root() -> None:
    """Run Dramatis on this machine, try it, and operate it."""


def _tell(what: str, fix: str | None) -> None:
    err.print(f"[bold red]error[/] {_escaped(what)}", soft_wrap=True)
    if fix:
        err.print(_escaped(fix), soft_wrap=True)
    sys.exit(1)


def _escaped(text: str) -> str:
    return text.replace("[", "\\[")


if __name__ == "__main__":
    main()
