"""Events as they happen, from the streams that keep them."""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from typing import Any
from urllib.parse import unquote

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js.api import DeliverPolicy
from nats.js.errors import NotFoundError
from persona_client.tasks import cancelled
from persona_contracts import EVENTS
from service_kit.topology import ADVISORY_STREAM, KEY_STREAM, STREAMS

from dramatis.errors import CliError
from dramatis.stored import read_stored

QUEUED = 1_000
_Read = tuple[str, Msg | NatsError]
"""The stream, and a message of it or why no more can be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedEvent:
    """One message of a stream; `data` is text when it is no JSON."""

    stream: str
    subject: str
    stored_at: datetime
    headers: Mapping[str, str]
    data: Any

    @property
    def event_id(self) -> str | None:
        """The sender's `ce-id`."""
        value = self.headers.get("ce-id")
        return None if value is None else unquote(value)


def matches(pattern: str, subject: str) -> bool:
    """Return whether the NATS pattern `pattern` covers `subject`, which may be a pattern itself.

    With two patterns: whether some subject could match both.
    """
    parts, given = pattern.split("."), subject.split(".")
    for index, part in enumerate(parts):
        if part == ">":
            return index < len(given)
        if index >= len(given):
            return False
        if part != given[index] and "*" not in {part, given[index]}:
            return False
    return len(parts) == len(given)


async def follow(
    connection: Client, pattern: str, since: datetime | None
) -> AsyncGenerator[FeedEvent]:
    """Yield what matches `pattern`, from `since` (None: from now) on, until cancelled.

    Each stream comes in its own order.

    Raises:
        CliError: no stream keeps such subjects.
    """
    names = [
        name
        for name, stream in STREAMS.items()
        if name not in {ADVISORY_STREAM, KEY_STREAM}
        and any(matches(pattern, subject) for subject in stream.subjects or ())
    ]
    if not names:
        raise CliError(f"No stream keeps {pattern}.", _hint(pattern))
    messages: asyncio.Queue[_Read] = asyncio.Queue(QUEUED)
    tasks = [asyncio.create_task(_read(connection, name, since, messages)) for name in names]
    try:
        while True:
            name, message = await messages.get()
            if isinstance(message, NotFoundError):
                raise CliError(
                    f"The broker has no stream {name}.",
                    "Create the streams: `dramatis topology apply`.",
                )
            if isinstance(message, NatsError):
                raise message
            if matches(pattern, message.subject):
                yield _event(name, message)
    finally:
        await cancelled(tasks)


def _hint(pattern: str) -> str:
    """Return the event type that is meant, if one is close."""
    known = [event.event_type for event in EVENTS]
    meant = get_close_matches(".".join(pattern.split(".")[:2]), known, n=1)
    if meant:
        return f"Did you mean {meant[0]}.>?"
    return "Subjects begin with a noun: persona.>, draft.>, lead.>"


async def _read(
    connection: Client, name: str, since: datetime | None, messages: "asyncio.Queue[_Read]"
) -> None:
    policy = DeliverPolicy.NEW if since is None else DeliverPolicy.BY_START_TIME
    try:
        async for message in read_stored(connection, name, policy=policy, since=since):
            await messages.put((name, message))
    except NatsError as error:
        await messages.put((name, error))


def _event(name: str, message: Msg) -> FeedEvent:
    try:
        data = json.loads(message.data)
    except ValueError:
        data = message.data.decode(errors="replace")
    return FeedEvent(
        stream=name,
        subject=message.subject,
        stored_at=message.metadata.timestamp,
        headers=message.headers or {},
        data=data,
    )
