"""Which stack a command talks to, and as whom: options, environment, `stack.json`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from service_kit.dev_keys import PRIVATE_KEY_FILE, issue_token
from service_kit.identity import Principal, Role

from dramatis.errors import CliError
from dramatis.rest import Rest
from dramatis.stack import AUDIENCE, DEFAULT_DATA_DIR, DEFAULT_WORKSPACE, ISSUER
from dramatis.stack_file import load_endpoints

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, one object per line.")]
DataDir = Annotated[
    Path,
    typer.Option(
        "--data-dir", envvar="DRAMATIS_DATA_DIR", help="The data folder of the running stack."
    ),
]
Workspace = Annotated[
    str, typer.Option("--workspace", envvar="DRAMATIS_WORKSPACE", help="The workspace.")
]


@dataclass(frozen=True, kw_only=True)
class BrokerTarget:
    """The broker of a stack."""

    nats: Annotated[
        str | None,
        typer.Option(
            "--nats", envvar="DRAMATIS_NATS_URL", help="NATS, if not the running stack's."
        ),
    ] = None
    data_dir: DataDir = DEFAULT_DATA_DIR
    json: AsJson = False

    @property
    def nats_url(self) -> str:
        """The broker's address.

        Raises:
            NotUpError: none was given and no stack runs in the data folder.
        """
        return self.nats or load_endpoints(self.data_dir).nats


@dataclass(frozen=True, kw_only=True)
class RestTarget:
    """One service of a stack, and who calls it."""

    url: Annotated[
        str | None,
        typer.Option(
            "--url", envvar="DRAMATIS_URL", help="The service, if not the running stack's."
        ),
    ] = None
    token: Annotated[
        str | None,
        typer.Option(
            "--token",
            envvar="DRAMATIS_TOKEN",
            help="Your token. Without one, the embedded stack signs one for --workspace.",
            show_envvar=True,
        ),
    ] = None
    workspace: Workspace = DEFAULT_WORKSPACE
    data_dir: DataDir = DEFAULT_DATA_DIR
    json: AsJson = False

    def rest(self, service: str) -> Rest:
        """Return the API of `service`.

        Raises:
            NotUpError: no address was given and no stack runs in the data folder.
            CliError: no token was given and none can be made, or the service is not part of it.
        """
        url = self.url or load_endpoints(self.data_dir).services.get(service)
        if url is None:
            raise CliError(f"The stack in {self.data_dir} has no {service} service.")
        token = self.token or embedded_token(self.data_dir, self.workspace)
        return Rest(url, token)


def embedded_token(
    data_dir: Path, workspace_id: str, role: str = "admin", subject: str = "dramatis-cli"
) -> str:
    """Return a token signed with the keys of the embedded stack in `data_dir`.

    Raises:
        CliError: there are no keys.
    """
    if not (data_dir / PRIVATE_KEY_FILE).exists():
        raise CliError(
            f"There are no signing keys in {data_dir}.",
            "Start the stack with `dramatis up`, name its folder with --data-dir, or pass the"
            " --token of your identity provider.",
        )
    principal = Principal(workspace_id=workspace_id, subject=subject, role=Role(role))
    return issue_token(data_dir, principal, profile="embedded", issuer=ISSUER, audience=AUDIENCE)
