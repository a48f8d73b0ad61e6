"""Messages that cannot be handled, parked on DEAD with the reason (reliability.md I8)."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.errors import NotFoundError
from persona_contracts.envelope import MAX_BODY_BYTES
from structlog import get_logger

from service_kit.publishing import Message, send_one
from service_kit.topology import Durable

EXHAUSTED = "max-deliveries"
CUT_HEADER = "dlq-cut"
"""What was left out, because it was too large to be stored, and how large it was."""
DETAIL_CHARS = 1_000
HEADERS_BYTES = 16 * 1024
"""Of the sender's headers, together."""

_DESCRIBING = frozenset({"content-type", "correlation_id", "traceparent"})

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
        """Return it addressed to DEAD; parked twice, it has the same id there.

        It is small enough for the broker: of a body over MAX_BODY_BYTES the beginning is kept.
        """
        origin = f"{self.durable.stream}|{self.durable.name}|{self.sequence}|{self.subject}"
        detail = " ".join(self.detail.encode("ascii", "replace").decode().split())
        kept, cut = self._kept_headers()
        if len(self.body) > MAX_BODY_BYTES:
            cut.append(f"body of {len(self.body)} bytes")
        return Message(
            subject=f"dead.{self.durable.stream}.{self.durable.name}",
            body=self.body[:MAX_BODY_BYTES],
            headers={
                **kept,
                "Nats-Msg-Id": hashlib.sha256(origin.encode()).hexdigest(),
                "dlq-error": self.error,
                "dlq-detail": detail[:DETAIL_CHARS],
                "dlq-seq": str(self.sequence),
                "dlq-subject": self.subject,
                "dlq-deliveries": str(self.deliveries),
                **({CUT_HEADER: ", ".join(cut)} if cut else {}),
            },
        )

    def _kept_headers(self) -> tuple[dict[str, str], list[str]]:
        """Return the headers that describe the event, and what of them is too large.

        Others may hold a secret, or mean something to the broker.
        """
        kept, room = dict[str, str](), HEADERS_BYTES
        described = {
            name: value
            for name, value in self.headers.items()
            if name.lower().startswith("ce-") or name.lower() in _DESCRIBING
        }
        for name, value in sorted(described.items(), key=lambda header: len(header[1])):
            room -= len(name.encode()) + len(value.encode())
            if room >= 0:
                kept[name] = value
        left_out = len(described) - len(kept)
        return kept, [f"{left_out} headers"] if left_out else []


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
