"""Store messages on a stream: one by one or as one atomic batch."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import uuid4

from nats.aio.client import Client
from nats.js.errors import APIError

ACK_TIMEOUT_SECONDS = 5.0
DUPLICATE_IN_BATCH = 10201
"""The server's code for an atomic batch that repeats a message id of the duplicate window."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message to store; `headers` carry `Nats-Msg-Id` where repeats must be dropped."""

    subject: str
    body: bytes
    headers: Mapping[str, str]


async def store(connection: Client, messages: Sequence[Message]) -> None:
    """Store `messages` (at most 1,000, all of one stream) in order, all or nothing where possible.

    The whole batch costs one fsync. If some of it was stored before, the batch is refused by the
    server and the messages go singly: the server drops the repeats by their id.

    Raises:
        nats.errors.Error: the broker is away, or refuses.
    """
    if len(messages) == 1:
        await store_one(connection, messages[0])
        return
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
    if error is None:
        return
    if error.get("err_code") != DUPLICATE_IN_BATCH:
        raise APIError.from_error(error)
    for message in messages:
        await store_one(connection, message)


async def store_one(connection: Client, message: Message) -> None:
    """Store one message and return once the broker has it on disk."""
    await connection.jetstream().publish(  # pyright: ignore[reportUnknownMemberType]
        message.subject,
        message.body,
        timeout=ACK_TIMEOUT_SECONDS,
        headers=dict(message.headers),
    )


def _batch_headers(message: Message, batch_id: str, number: int) -> dict[str, str]:
    return {**message.headers, "Nats-Batch-Id": batch_id, "Nats-Batch-Sequence": str(number)}
