"""`dramatis token`: tokens of the embedded profile."""

import os
from typing import Annotated

import typer

from dramatis import defaults
from dramatis.errors import CliError
from dramatis.options import examples
from dramatis.output import print_json
from dramatis.target import AsJson, DataDir, Workspace
from dramatis.tokens import embedded_token
from dramatis.wire_names import Role


def token(
    *,
    workspace: Workspace = defaults.WORKSPACE,
    role: Annotated[Role, typer.Option("--role", help="What the bearer may do.")] = "admin",
    subject: Annotated[
        str, typer.Option("--subject", help="Who the bearer is, for the audit.")
    ] = "dramatis-cli",
    data_dir: DataDir = defaults.DATA_DIR,
    json: AsJson = False,
) -> None:
    """Print a token of the embedded stack that is valid for 24 hours."""
    if os.environ.get("DRAMATIS_PROFILE") == "production":
        raise CliError(
            "Tokens can be made in the embedded profile only.",
            "In production your identity provider issues them.",
        )
    issued = embedded_token(data_dir, workspace, role, subject)
    if json:
        print_json({"token": issued})
    else:
        print(issued)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        epilog=examples(
            "dramatis token --workspace acme --role admin",
            "TOKEN=$(dramatis token --role viewer --subject anna)",
        )
    )(token)
