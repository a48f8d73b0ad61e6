"""Reads, replays and removes what is parked on the stream DEAD (events.md §2)."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from uuid import uuid4

from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.errors import NotFoundError
from persona_contracts import (
    EVENTS,
    STRUCTURED_CONTENT_TYPE,
    EnvelopeError,
    EventSubject,
    decode,
    encode_headers,
)
from service_kit.clock import utc_now
from service_kit.dead_letters import CUT_HEADER
from service_kit.publishing import Message, send_one
from service_kit.topology import DEAD_STREAM

from dramatis.errors import CliError
from dramatis.stored import read_stored


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkedMessage:
    """One message that a consumer could not handle."""

    sequence: int
    """Its place on DEAD: what people call it by."""
    stream: str
    consumer: str
    reason: str
    detail: str
    subject: str
    """Where it was published first."""
    original_sequence: int
    deliveries: int
    headers: Mapping[str, str]
    parked_at: datetime | None = None
    body: bytes = b""


async def list_parked(connection: Client, limit: int) -> tuple[list[ParkedMessage], int]:
    """Return the newest `limit` parked messages without bodies, oldest first, and how many exist.

    A stream that was never made holds none.
    """
    js = connection.jetstream()  # pyright: ignore[reportUnknownMemberType]
    try:
        total = (await js.stream_info(DEAD_STREAM)).state.messages
    except NotFoundError:
        return [], 0
    newest: deque[ParkedMessage] = deque(maxlen=limit)
    if total:
        async for message in read_stored(connection, DEAD_STREAM, headers_only=True):
            metadata = message.metadata
            newest.append(
                _parked(
                    metadata.sequence.stream,
                    message.subject,
                    message.headers or {},
                    parked_at=metadata.timestamp,
                )
            )
            if not metadata.num_pending:
                break
    return list(newest), total


async def load_parked(js: JetStreamContext, sequence: int) -> ParkedMessage | None:
    """Return one parked message with its body; None when there is none."""
    try:
        stored = await js.get_msg(DEAD_STREAM, sequence)
    except NotFoundError:
        return None
    headers = cast("dict[str, str]", stored.headers or {})  # pyright: ignore[reportUnknownMemberType]
    return _parked(
        sequence,
        stored.subject or "",
        headers,
        parked_at=stored.time,
        body=stored.data or b"",
    )


async def replay_parked(connection: Client, parked: ParkedMessage) -> str | None:
    """Publish the message again where it came from, and take it off DEAD.

    It keeps its identity, so that consumers which had handled it ignore it; its `Nats-Msg-Id` is
    new, else the broker would drop it. Returns the `ce-id` that had to be added because the sender
    gave none; None when nothing was added.

    Raises:
        CliError: not all of it was kept.
    """
    if cut := parked.headers.get(CUT_HEADER):
        raise CliError(
            f"Message {parked.sequence} was too large to be kept whole: {cut}.",
            "Its sender has to send it again, smaller: no service takes so much.",
        )
    kept = {k: v for k, v in parked.headers.items() if not k.lower().startswith(("dlq-", "nats-"))}
    added = _missing_id(parked, kept)
    headers = {**kept, **added, "Nats-Msg-Id": f"replay-{uuid4()}"}
    await send_one(connection, Message(subject=parked.subject, body=parked.body, headers=headers))
    await connection.jetstream().delete_msg(DEAD_STREAM, parked.sequence)  # pyright: ignore[reportUnknownMemberType]
    return added.get("ce-id")


def _parked(
    sequence: int,
    subject: str,
    headers: Mapping[str, str],
    *,
    parked_at: datetime | None = None,
    body: bytes = b"",
) -> ParkedMessage:
    _, stream, consumer = subject.split(".", 2)
    return ParkedMessage(
        sequence=sequence,
        stream=stream,
        consumer=consumer,
        reason=headers.get("dlq-error", "unknown"),
        detail=headers.get("dlq-detail", ""),
        subject=headers.get("dlq-subject", ""),
        original_sequence=int(headers.get("dlq-seq", "0")),
        deliveries=int(headers.get("dlq-deliveries", "0")),
        headers=headers,
        parked_at=parked_at,
        body=body,
    )


def _missing_id(parked: ParkedMessage, headers: Mapping[str, str]) -> dict[str, str]:
    """Return the `ce-id` header that readers would have made up, if the sender gave none."""
    given = {name.lower(): value for name, value in headers.items()}
    if given.get("ce-id") or given.get("content-type", "").startswith(STRUCTURED_CONTENT_TYPE):
        return {}
    try:
        event_type = EventSubject.parse(parked.subject).event_type
        model = next(event for event in EVENTS if event.event_type == event_type)
        received = decode(model, parked.subject, headers, parked.body)
    except (EnvelopeError, StopIteration):
        return {}
    encoded = encode_headers(
        received.event, event_id=received.event_id, source=received.source, time=utc_now()
    )
    return {"ce-id": encoded["ce-id"]}
