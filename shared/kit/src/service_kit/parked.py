"""The events of one service that are parked on DEAD: read by workspace, and handled again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from nats.errors import Error as NatsError
from nats.js.api import ConsumerConfig, DeliverPolicy
from nats.js.errors import NotFoundError as NotStoredError
from persona_client.pull import pulled
from persona_contracts import EnvelopeError, EventSubject
from structlog import get_logger

from service_kit.broker import Broker
from service_kit.dead_letters import CUT_HEADER
from service_kit.errors import ConflictError, NotFoundError, ServiceError, UpstreamError
from service_kit.fast_lane import StoredEvent
from service_kit.store import is_away
from service_kit.topology import ADVISORY_STREAM, DEAD_STREAM

MAX_SCANNED = 2_000
"""Parked events, of any workspace, that one page looks at."""
BATCH = 500
WAIT_SECONDS = 0.1
INACTIVE_SECONDS = 5.0

log = get_logger(__name__)


class DeadLetterNotFoundError(NotFoundError):
    """There is no such dead letter."""

    slug = "dead-letter-not-found"


class DeadLetterRefusedError(ConflictError):
    """The event cannot be handled again; it stays where it is."""

    slug = "dead-letter-refused"


class ReadingEndedError(NatsError):
    """The broker has ended the reading."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkedEvent:
    """An event that a consumer of this service could not handle."""

    sequence: int
    """Its place on DEAD."""
    workspace_id: str
    stream: str
    consumer: str
    subject: str
    """Where it was published."""
    event_id: str | None
    reason: str
    detail: str
    deliveries: int
    parked_at: datetime
    is_whole: bool
    """Whether all of it was kept: else it cannot be handled again."""


@dataclass(frozen=True, slots=True)
class ParkedPage:
    """Some of them, oldest first; `next_after` None: there are no more."""

    events: Sequence[ParkedEvent]
    next_after: int | None


class ParkedEvents:
    """What is parked of the events that `broker` hands to this service."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    async def page(self, workspace_id: str, *, after: int, limit: int | None) -> ParkedPage:
        """Return up to `limit` parked events of a workspace that stand behind `after` on DEAD.

        It looks at MAX_SCANNED; there may be more behind a page that is not full.

        Raises:
            nats.errors.Error: the broker is away.
        """
        found, seen = list[ParkedEvent](), 0
        try:
            async with pulled(
                self._broker.publishing, DEAD_STREAM, self._config(after), BATCH
            ) as pull:
                while batch := await pull.next(WAIT_SECONDS):
                    for message in batch:
                        metadata = message.metadata
                        last, seen = metadata.sequence.stream, seen + 1
                        event = _parked(
                            last, message.subject, message.headers or {}, metadata.timestamp
                        )
                        if event and event.workspace_id == workspace_id:
                            found.append(event)
                        if not metadata.num_pending:
                            return ParkedPage(found, None)
                        if len(found) == limit or seen == MAX_SCANNED:
                            return ParkedPage(found, last)
                if pull.refused:
                    raise ReadingEndedError(pull.refused)
        except NotStoredError:
            pass  # nothing was ever parked
        return ParkedPage(found, None)

    async def replay(self, workspace_id: str, sequence: int) -> bool:
        """Handle a parked event now, by the consumer that could not; False: it was handled before.

        It is taken off DEAD, unless it fails again.

        Raises:
            DeadLetterNotFoundError: this workspace has none there, or it is another service's.
            DeadLetterRefusedError: it fails again, or was not kept whole; the text says why.
            UpstreamError: something that it needs is away.
            nats.errors.Error: the broker is away.
        """
        event, stored = await self._load(workspace_id, sequence)
        if not event.is_whole:
            cut = stored.headers[CUT_HEADER]
            raise DeadLetterRefusedError(f"Not all of it was kept: {cut}. Send it again, smaller.")
        try:
            is_new = await self._broker.handle_again(event.consumer, stored)
        except EnvelopeError as error:
            raise DeadLetterRefusedError(f"{error.reason}: {error}") from error
        except UpstreamError:
            raise
        except ServiceError as error:
            raise DeadLetterRefusedError(f"{error.slug}: {error}") from error
        except Exception as error:
            if is_away(error):
                raise
            log.exception("event.failed", event_id=event.event_id)
            name = type(error).__name__
            raise DeadLetterRefusedError(f"The service failed with {name}.") from error
        await self._broker.js.delete_msg(DEAD_STREAM, sequence)  # pyright: ignore[reportUnknownMemberType]
        return is_new

    async def _load(self, workspace_id: str, sequence: int) -> tuple[ParkedEvent, StoredEvent]:
        missing = DeadLetterNotFoundError(f"no dead letter {sequence}")
        try:
            raw = await self._broker.js.get_msg(DEAD_STREAM, sequence)
        except NotStoredError as error:
            raise missing from error
        headers = cast("dict[str, str]", raw.headers or {})  # pyright: ignore[reportUnknownMemberType]
        if raw.time is None or raw.subject not in self._subjects():
            raise missing
        event = _parked(sequence, raw.subject, headers, raw.time)
        if event is None or event.workspace_id != workspace_id:
            raise missing
        stored = StoredEvent(
            sequence=sequence,
            subject=event.subject,
            headers=headers,
            data=raw.data or b"",
            stored_at=raw.time,
        )
        return event, stored

    def _config(self, after: int) -> ConsumerConfig:
        return ConsumerConfig(
            deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
            opt_start_seq=after + 1,
            filter_subjects=self._subjects(),
            headers_only=True,
            inactive_threshold=INACTIVE_SECONDS,
        )

    def _subjects(self) -> list[str]:
        return [
            f"dead.{durable.stream}.{durable.name}"
            for durable in self._broker.durables
            if durable.stream != ADVISORY_STREAM
        ]


def _parked(
    sequence: int, subject: str, headers: Mapping[str, Any], parked_at: datetime
) -> ParkedEvent | None:
    _, stream, consumer = subject.split(".", 2)
    origin = headers.get("dlq-subject", "")
    try:
        workspace_id = EventSubject.parse(origin).workspace_id
    except EnvelopeError:
        return None
    given = {name.lower(): value for name, value in headers.items()}
    return ParkedEvent(
        sequence=sequence,
        workspace_id=workspace_id,
        stream=stream,
        consumer=consumer,
        subject=origin,
        event_id=given.get("ce-id"),
        reason=headers.get("dlq-error", "unknown"),
        detail=headers.get("dlq-detail", ""),
        deliveries=int(headers.get("dlq-deliveries", "0")),
        parked_at=parked_at,
        is_whole=CUT_HEADER not in headers,
    )
