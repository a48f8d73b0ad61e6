"""Which stack a command talks to, and as whom: options, environment, `stack.json`."""

import ssl
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dramatis import defaults
from dramatis.errors import CliError
from dramatis.lazy import Lazy
from dramatis.rest import Rest, Written
from dramatis.secret_files import secret
from dramatis.stack_file import load_endpoints
from dramatis.tokens import embedded_token
from dramatis.wire_names import SUBJECT_ID_PATTERN, is_subject_id

if TYPE_CHECKING:
    import persona_client

    from dramatis import broker
else:
    persona_client = Lazy("persona_client")
    broker = Lazy("dramatis.broker")

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


def _file(path: Path | None) -> Path | None:
    if path is not None:
        path.open().close()
    return path


def _inbox_prefix(user: str | None) -> str:
    return f"_INBOX_{user}" if user and is_subject_id(user) else "_INBOX"


@dataclass(frozen=True, kw_only=True)
class BrokerTarget:
    """The broker of a stack."""

    nats: Annotated[
        str | None,
        typer.Option(
            "--nats", envvar="DRAMATIS_NATS_URL", help="NATS, if not the running stack's."
        ),
    ] = None
    creds: Annotated[
        Path | None,
        typer.Option("--nats-creds", envvar="DRAMATIS_NATS_CREDS_FILE", help="A .creds file."),
    ] = None
    nkey: Annotated[
        Path | None,
        typer.Option(
            "--nats-nkey", envvar="DRAMATIS_NATS_NKEY_FILE", help="A file with an NKey's seed."
        ),
    ] = None
    ca: Annotated[
        Path | None,
        typer.Option(
            "--nats-ca",
            envvar="DRAMATIS_NATS_CA_FILE",
            help="Who signed the broker's certificate (PEM), instead of the system's.",
        ),
    ] = None
    handshake_first: Annotated[
        bool,
        typer.Option(
            "--nats-tls-handshake-first",
            envvar="DRAMATIS_NATS_TLS_HANDSHAKE_FIRST",
            help="Refuse a broker without TLS.",
        ),
    ] = False
    inbox_prefix: Annotated[
        str | None,
        typer.Option(
            "--nats-inbox-prefix",
            envvar="DRAMATIS_NATS_INBOX_PREFIX",
            help="Where answers come to: _INBOX_ and the user's name, if not given.",
        ),
    ] = None
    domain: Annotated[
        str | None,
        typer.Option(
            "--nats-domain", envvar="DRAMATIS_NATS_DOMAIN", help="The JetStream domain, if any."
        ),
    ] = None
    data_dir: DataDir = defaults.DATA_DIR
    json: AsJson = False

    @property
    def address(self) -> "persona_client.NatsAddress":
        """The broker's address, and as whom it is asked.

        Raises:
            NotUpError: none was given and no stack runs in the data folder.
            CliError: it, or an option, cannot be right.
        """
        url = self.nats or secret("DRAMATIS_NATS_URL") or load_endpoints(self.data_dir).nats
        address = broker.parse(url)
        try:
            return replace(
                address,
                credentials_file=_file(self.creds),
                nkey_seed_file=_file(self.nkey),
                tls=ssl.create_default_context(cafile=self.ca) if self.ca else None,
                tls_handshake_first=self.handshake_first,
                inbox_prefix=self.inbox_prefix or _inbox_prefix(address.user),
                domain=self.domain,
            )
        except (OSError, persona_client.AddressError) as error:
            raise CliError(f"The broker cannot be asked like this: {error}.") from error


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
            help="Your token; an API key by the variable alone. Without one, the embedded stack"
            " signs one for --workspace.",
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
