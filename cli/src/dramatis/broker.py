"""A connection to NATS for one command."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from nats.errors import AuthorizationError
from nats.errors import Error as NatsError
from nats.js.errors import APIError
from persona_client import AddressError, NatsAddress
from persona_client.connection import Connection, cause_of, missing_permission

from dramatis.errors import CliError, NotUpError

CONNECT_SECONDS = 3


class RefusedError(CliError):
    """The broker answers, but does not let us in, or not do this."""


@asynccontextmanager
async def connected(address: str | NatsAddress) -> AsyncGenerator[Connection]:
    """Connect, and close at the end of the block.

    Raises:
        NotUpError: the broker does not answer.
        RefusedError: it refuses the credentials, or a permission is missing.
        CliError: it refused something else inside the block, or went away.
    """
    target = address if isinstance(address, NatsAddress) else parse(address)
    errors: list[Exception] = []
    try:
        connection = await _connect(target, errors)
    except NotUpError:
        if not any(isinstance(error, ConnectionResetError) for error in errors):
            raise
        # A server that refuses us may hang up before its reason is read.
        connection = await _connect(target, errors)
    try:
        yield connection
    except (NatsError, TimeoutError) as error:
        # What is not permitted is answered by silence, and told on the side.
        told = next(filter(missing_permission, reversed(errors)), error)
        if missing := missing_permission(told):
            raise RefusedError(f"NATS refused: no permission to {missing}.") from error
        if isinstance(error, TimeoutError) and not isinstance(error, NatsError):
            raise
        reason = error.description if isinstance(error, APIError) else str(error)
        raise CliError(f"NATS refused: {reason or type(error).__name__}.") from error
    finally:
        await connection.close()


def parse(urls: str) -> NatsAddress:
    """Return the address in `urls`.

    Raises:
        CliError: it cannot be one.
    """
    try:
        return NatsAddress.parse(urls)
    except AddressError as error:
        raise CliError(f"--nats: {error}.") from None


async def _connect(address: NatsAddress, errors: list[Exception]) -> Connection:
    async def note(error: Exception) -> None:
        errors.append(error)

    connection = Connection(address.domain)
    try:
        # One more try than none, which nats-py takes for endless ones.
        await connection.connect(
            **address.arguments,
            name="dramatis-cli",
            connect_timeout=CONNECT_SECONDS,
            allow_reconnect=False,
            max_reconnect_attempts=1,
            reconnect_time_wait=0,
            error_cb=note,
        )
    except (NatsError, OSError, TimeoutError, ValueError) as error:
        await connection.close()
        reason = next((e for e in errors if isinstance(e, AuthorizationError)), None)
        reason = reason or (errors[-1] if errors else error)
        if "credentials" in cause_of(reason):
            raise RefusedError(f"NATS at {address.place} refuses these credentials.") from error
        raise NotUpError(f"NATS does not answer at {address.place}: {reason}.") from error
    return connection
