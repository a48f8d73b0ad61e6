"""Messages that cannot be handled, parked on DEAD with the reason (reliability.md I8)."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.errors import NotFoundError
from structlog import get_logger

from service_kit.publishing import Message, send_one
from service_kit.topology import Durable

EXHAUSTED = "max-deliveries"

log = get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """The original message and why `durable` could not handle it; `error` is a slug."""

    durable: Durable
    sequence: int
    subject: str
    headers: Mapping[str, str]
    body: bytes
    deliveries: int
    error: str
    detail: str

    def message(self) -> Message:
        """Return it addressed to DEAD; parked twice, it has the same id there."""
        origin = f"{self.durable.stream}|{self.durable.name}|{self.sequence}|{self.subject}"
        kept = {k: v for k, v in self.headers.items() if not k.lower().startswith("nats-")}
        return Message(
            subject=f"dead.{self.durable.stream}.{self.durable.name}",
            body=self.body,
            headers={
                **kept,
                "Nats-Msg-Id": hashlib.sha256(origin.encode()).hexdigest(),
                "dlq-error": self.error,
                "dlq-detail": " ".join(self.detail.encode("ascii", "replace").decode().split()),
                "dlq-seq": str(self.sequence),
                "dlq-subject": self.subject,
                "dlq-deliveries": str(self.deliveries),
            },
        )


async def park(connection: Client, durable: Durable, msg: Msg, error: str, detail: str) -> None:
    """Store `msg` on DEAD, then take it off its consumer.

    Raises:
        nats.errors.Error: the broker is away; the message will be delivered again.
    """
    letter = DeadLetter(
        durable=durable,
        sequence=msg.metadata.sequence.stream,
        subject=msg.subject,
        headers=msg.headers or {},
        body=msg.data,
        deliveries=msg.metadata.num_delivered or 1,
        error=error,
        detail=detail,
    )
    await send_one(connection, letter.message())
    await msg.term()
    log.warning("event.parked", consumer=durable.name, reason=error, subject=msg.subject)


async def park_exhausted(connection: Client, durables: Mapping[str, Durable], msg: Msg) -> None:
    """Handle one MAX_DELIVERIES advisory: park the message that it names, if it still exists.

    Raises:
        nats.errors.Error: the broker is away; the advisory will be delivered again.
    """
    advisory = json.loads(msg.data)
    durable = durables.get(advisory.get("consumer", ""))
    if durable is not None and durable.stream == advisory.get("stream"):
        await _park_stored(connection, durable, advisory["stream_seq"], advisory["deliveries"])
    await msg.ack()


async def _park_stored(
    connection: Client, durable: Durable, sequence: int, deliveries: int
) -> None:
    js = connection.jetstream()  # pyright: ignore[reportUnknownMemberType]
    try:
        stored = await js.get_msg(durable.stream, sequence)
    except NotFoundError:
        return
    letter = DeadLetter(
        durable=durable,
        sequence=sequence,
        subject=stored.subject or "",
        headers=cast("dict[str, str]", stored.headers or {}),  # pyright: ignore[reportUnknownMemberType]
        body=stored.data or b"",
        deliveries=deliveries,
        error=EXHAUSTED,
        detail=f"not handled in {deliveries} deliveries",
    )
    await send_one(connection, letter.message())
    log.warning("event.parked", consumer=durable.name, reason=EXHAUSTED, subject=letter.subject)
