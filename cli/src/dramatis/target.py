"""Which stack a command talks to, and as whom: options, environment, `stack.json`."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated

import typer
from persona_contracts import SUBJECT_ID_PATTERN, is_subject_id

from dramatis import defaults
from dramatis.errors import CliError
from dramatis.rest import Rest, Written
from dramatis.secret_files import secret
from dramatis.stack_file import load_endpoints
from dramatis.tokens import embedded_token

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, one object per line.")]
DataDir = Annotated[
    Path,
    typer.Option(
        "--data-dir", envvar="DRAMATIS_DATA_DIR", help="The data folder of the running stack."
    ),
]


def subject_id(text: str) -> str:
    """Return `text`, which may stand in a subject (a workspace's or a campaign's id).

    Raises:
        typer.BadParameter: it may not.
    """
    if not is_subject_id(text):
        raise typer.BadParameter(f"{text!r} must match {SUBJECT_ID_PATTERN}")
    return text


Workspace = Annotated[
    str,
    typer.Option(
        "--workspace", envvar="DRAMATIS_WORKSPACE", parser=subject_id, help="The workspace."
    ),
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
    data_dir: DataDir = defaults.DATA_DIR
    json: AsJson = False

    @property
    def nats_url(self) -> str:
        """The broker's address: as given, from its file in DRAMATIS_SECRETS_DIR, or the stack's.

        Raises:
            NotUpError: none was given and no stack runs in the data folder.
        """
        return self.nats or secret("DRAMATIS_NATS_URL") or load_endpoints(self.data_dir).nats


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
    workspace: Workspace = defaults.WORKSPACE
    data_dir: DataDir = defaults.DATA_DIR
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
        return Rest(url, token, self._written)

    @cached_property
    def _written(self) -> Written:
        return Written()
