"""`dramatis login`: a one-time link into the studio of the running stack."""

from typing import Annotated

import typer

from dramatis import defaults
from dramatis.login_link import login_link
from dramatis.options import examples
from dramatis.output import print_json
from dramatis.stack_file import load_endpoints
from dramatis.target import AsJson, DataDir, Workspace
from dramatis.tokens import embedded_token
from dramatis.wire_names import Role


def login(
    *,
    workspace: Workspace = defaults.WORKSPACE,
    role: Annotated[Role, typer.Option("--role", help="What you may do there.")] = "admin",
    subject: Annotated[
        str, typer.Option("--subject", help="Who you are, for the audit.")
    ] = "dramatis-cli",
    data_dir: DataDir = defaults.DATA_DIR,
    json: AsJson = False,
) -> None:
    """Print a link that signs one browser in to the studio, once, for 10 minutes."""
    studio = load_endpoints(data_dir).services["studio"]
    link = login_link(studio, embedded_token(data_dir, workspace, role, subject))
    if json:
        print_json({"login": link})
    else:
        print(link)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=examples("dramatis login", "dramatis login --role viewer --subject anna"))(
        login
    )
