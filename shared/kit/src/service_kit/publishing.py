"""Store messages on a stream: one by one or as one atomic batch."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import uuid4

from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js.api import PubAck
from opentelemetry import propagate
from persona_contracts import CrmEvent, Received, encode_headers, subject_for

CrmEventT = TypeVar("CrmEventT", bound=CrmEvent)

ACK_TIMEOUT_SECONDS = 5.0
DUPLICATE_IN_BATCH = 10201
"""The server's code for an atomic batch that repeats a message id of the duplicate window."""
BATCH_HEADERS_BYTES = 256
"""More than what a batch adds to a message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message to store; `headers` carry `Nats-Msg-Id` where repeats must be dropped."""

    subject: str
    body: bytes
    headers: Mapping[str, str]

    @property
    def size(self) -> int:
        """Its bytes as the broker counts them: headers and body."""
        lines = (len(f"{name}: {value}\r\n".encode()) for name, value in self.headers.items())
        return len("NATS/1.0\r\n\r\n") + sum(lines) + len(self.body)


def crm_message(received: Received[CrmEventT], time: datetime) -> Message:
    """Return what a CRM tells as a message, sent at `time`; a repeat has the same `Nats-Msg-Id`."""
    event = received.event
    identity = "|".join((event.event_type, event.workspace_id, received.source, received.event_id))
    headers = encode_headers(
        event,
        event_id=received.event_id,
        source=received.source,
        time=time,
        correlation_id=received.correlation_id,
    )
    propagate.inject(headers)
    return Message(
        subject=subject_for(event),
        body=event.model_dump_json(exclude_unset=True).encode(),
        headers=headers | {"Nats-Msg-Id": hashlib.sha256(identity.encode()).hexdigest()},
    )


class MessageTooLargeError(NatsError):
    """It was not sent: the broker would have hung up."""


async def send_batch(connection: Client, messages: Sequence[Message]) -> None:
    """Store `messages` (at most 1,000, all of one stream) in order, all or nothing where possible.

    The whole batch costs one fsync. If some of it was stored before, the server refuses the batch;
    then the first messages go singly, of which it drops repeats by their id, and what follows the
    first new one is a batch again. A stream that takes no batches gets all of them singly.

    Raises:
        MessageTooLargeError: one is larger than the broker takes; nothing was sent.
        nats.errors.Error: the broker is away, or refuses.
    """
    for message in messages:
        _require_size(connection, message)
    rest = list(messages)
    while rest:
        refused = await _send_atomic_batch(connection, rest)
        if refused is None:
            return
        is_new = False
        while rest and not (is_new and refused == DUPLICATE_IN_BATCH):
            is_new = await send_one(connection, rest.pop(0))


async def _send_atomic_batch(connection: Client, messages: Sequence[Message]) -> int | None:
    """Store all of them at once; or return the server's code for why it takes no such batch."""
    if len(messages) == 1:
        await send_one(connection, messages[0])
        return None
    batch_id = uuid4().hex
    for number, message in enumerate(messages[:-1], start=1):
        await connection.publish(
            message.subject, message.body, headers=_batch_headers(message, batch_id, number)
        )
    last = messages[-1]
    headers = _batch_headers(last, batch_id, len(messages)) | {"Nats-Batch-Commit": "1"}
    answer = await connection.request(
        last.subject, last.body, timeout=ACK_TIMEOUT_SECONDS, headers=headers
    )
    error = json.loads(answer.data).get("error")
    return error["err_code"] if error else None


async def send_one(connection: Client, message: Message) -> bool:
    """Store one message as `store_one` does; False: the broker had it before."""
    return not (await store_one(connection, message)).duplicate


async def store_one(connection: Client, message: Message) -> PubAck:
    """Store one message and return, once the broker has it on disk, where; or where it was before.

    Raises:
        MessageTooLargeError: it is larger than the broker takes; it was not sent.
        nats.errors.Error: the broker is away, or refuses.
    """
    _require_size(connection, message)
    return await connection.jetstream().publish(  # pyright: ignore[reportUnknownMemberType]
        message.subject,
        message.body,
        timeout=ACK_TIMEOUT_SECONDS,
        headers=dict(message.headers),
    )


def _require_size(connection: Client, message: Message) -> None:
    room = connection.max_payload - BATCH_HEADERS_BYTES
    if message.size > room:
        raise MessageTooLargeError(f"{message.subject}: {message.size} bytes, at most {room}")


def _batch_headers(message: Message, batch_id: str, number: int) -> dict[str, str]:
    return {**message.headers, "Nats-Batch-Id": batch_id, "Nats-Batch-Sequence": str(number)}
