"""The `dramatis` command."""

import sys
from importlib import import_module

import typer
from service_kit.errors import ServiceError

from dramatis.errors import CliError
from dramatis.extras import has_extra
from dramatis.output import err
from dramatis.wire_names import KEY_PREFIX

GROUPS = {
    "up": "Start NATS, Postgres and all services, and stay until Ctrl-C.",
    "demo": "Start a throw-away stack, draft answers to real replies, edit a persona, see the next"
    " draft.",
    "token": "Print a token of the embedded stack that is valid for 24 hours.",
    "login": "Print a link that signs one browser in to the studio, once, for 10 minutes.",
    "chat": "Talk to a persona: each line of standard input is a message; the answers stream.",
    "audit": "Show who changed what, newest first.",
    "tui": "Look at everything and change it, full screen: `:` commands, `/` filter, `?` keys.",
    "keys": "API keys of a workspace.",
    "replies": "Replies of leads.",
    "drafts": "Answers to leads that wait for a person.",
    "personas": "The personas of a workspace.",
    "prompts": "Prompts of a persona, and their versions.",
    "conversations": "Your conversations with personas.",
    "files": "The files of a persona, and what is in them.",
    "sequences": "What is sent to leads, step by step.",
    "instances": "Leads on their way through sequences.",
    "agents": "The voice agents of personas.",
    "calls": "Calls with personas' voice agents.",
    "voices": "Voices, and what was spoken with them.",
    "events": "What happens, live; and what a CRM tells.",
    "contracts": "What events look like.",
    "dead": "Messages that could not be handled.",
    "topology": "What a deployment prepares.",
}
"""First word of a command → what `dramatis --help` says of it, without loading it."""
MODULES = {"token": "tokens"}
"""Of those in `dramatis.commands` that are not called as their command is."""
EXTRAS = {"up": "local", "demo": "local", "tui": "tui"}
"""Those that need an extra, such as `dramatis[local]`."""


def main() -> None:
    """Run the command; exit code 0: done, 1: it failed, 2: it was called wrongly."""
    try:
        _refuse_missing(sys.argv[1:2])
        _refuse_keys(sys.argv)
        _app(sys.argv[1:2])()
    except CliError as error:
        _tell(str(error), error.fix)
    except ServiceError as error:
        _tell(str(error), None)
    except TimeoutError as error:
        _tell(f"Something did not happen in time. {error}".strip(), None)


def _app(first: list[str]) -> typer.Typer:
    """Return the groups in `first`; when none is known, all of them by name alone."""
    app = typer.Typer(
        name="dramatis",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        help="Run Dramatis on this machine, try it, and operate it.",
    )
    app.callback()(_root)
    installed = [name for name in GROUPS if has_extra(EXTRAS.get(name))]
    chosen = [name for name in installed if name in first]
    for name in chosen:
        import_module(f"dramatis.commands.{MODULES.get(name, name)}").register(app)
    for name in [] if chosen else installed:
        app.command(name, help=GROUPS[name])(_root)
    return app


def _refuse_missing(first: list[str]) -> None:
    for name in set(first) & set(EXTRAS):
        if not has_extra(EXTRAS[name]):
            raise CliError(
                f"`dramatis {name}` needs more than what is installed.",
                f"Install dramatis[{EXTRAS[name]}].",
            )


def _refuse_keys(arguments: list[str]) -> None:
    if any(KEY_PREFIX in argument for argument in arguments):
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
