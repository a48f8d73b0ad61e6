"""Reads a stream of state documents into a replica, without end, over one NATS connection."""

import asyncio
import logging
from collections.abc import Sequence
from time import monotonic
from typing import Final, NoReturn, Protocol

from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from persona_contracts import COMPLETE_HEADER

from persona_client.address import NatsAddress
from persona_client.connection import Connection, cause_of, missing_permission
from persona_client.pull import Pull
from persona_client.replica import StateMessage

STREAM: Final = "PERSONA_STATE"
CONFIRM_SECONDS: Final = 5.0
BATCH: Final = 500
FETCH_SECONDS: Final = 1.0
RETRY_SECONDS: Final = 0.25
INACTIVE_SECONDS: Final = 60.0
"""The broker drops the consumer when nobody has asked it for this long."""

log = logging.getLogger(__name__)


class _DocumentsLostError(NatsError):
    """The consumer has sent more than arrived."""


class _ConsumerLostError(NatsError):
    """The broker serves this consumer no more."""


class FollowsStream(Protocol):
    """What is kept equal to the stream: a `Replica`."""

    def resume_after(self, stream_created: str, last_seq: int) -> int:
        """Return the sequence up to which the stream has been read; 0: begin."""
        ...

    def apply(self, documents: Sequence[StateMessage], last_seq: int) -> None:
        """Take the next documents; the last one stood at `last_seq`."""
        ...

    def confirm(self) -> None:
        """Take note that the broker has nothing more to send."""
        ...


class StateReader:
    """Keeps a replica up to date: an ephemeral pull consumer without acks, made anew when lost."""

    def __init__(
        self,
        address: NatsAddress,
        replica: FollowsStream,
        *,
        subjects: Sequence[str],
        name: str,
        stream: str = STREAM,
    ) -> None:
        self._address = address
        self._replica = replica
        self._subjects = list(subjects)
        self._name = name
        self._stream = stream
        self.failing = ""
        """Why the stream cannot be read now; empty while it can."""

    async def run(self) -> NoReturn:
        """Read until cancelled; a missing broker, stream or consumer is retried without end."""
        while True:
            client = Connection(self._address.domain)
            try:
                await client.connect(
                    **self._address.arguments,
                    name=self._name,
                    max_reconnect_attempts=-1,
                    reconnect_time_wait=1,
                    # A half-open connection is noticed within 15 seconds, not within minutes.
                    ping_interval=5,
                    error_cb=self._failed,
                )
                await self._stay_attached(client)
            except NatsError as error:
                await self._failed(error)
            except Exception:
                log.exception("roster %s: the connection failed and is made anew", self._name)
            finally:
                await client.close()
            await asyncio.sleep(RETRY_SECONDS)

    async def _stay_attached(self, client: Connection) -> None:
        while not client.is_closed:
            if client.is_connected:
                try:
                    await self._read(client)
                except (NatsError, TimeoutError) as error:
                    await self._failed(error)
            await asyncio.sleep(RETRY_SECONDS)

    async def _read(self, client: Connection) -> None:
        """Make a consumer that goes on where the replica ends, and read until it is lost."""
        connection = client.stats["reconnects"]
        js = client.jetstream(timeout=2)  # pyright: ignore[reportUnknownMemberType]  # untyped there
        stream = await js.stream_info(self._stream)
        created = stream.created.isoformat() if stream.created else ""
        read = self._replica.resume_after(created, stream.state.last_seq)
        consumer = await js.add_consumer(self._stream, self._consumer(read))  # pyright: ignore[reportUnknownMemberType]  # untyped there
        pull = Pull(client, self._stream, consumer.name, BATCH)
        log.info("roster %s: reading %s after %d", self._name, self._stream, read)
        self.failing = ""
        attached = _Attached(pull, js, (self._stream, consumer.name), self._replica)
        try:
            if not consumer.num_pending:
                self._replica.confirm()
            while client.is_connected and client.stats["reconnects"] == connection:
                await attached.read_once()
        finally:
            if client.is_connected:
                await pull.close()

    def _consumer(self, read: int) -> ConsumerConfig:
        return ConsumerConfig(
            deliver_policy=(
                DeliverPolicy.BY_START_SEQUENCE if read else DeliverPolicy.LAST_PER_SUBJECT
            ),
            opt_start_seq=read + 1 if read else None,
            ack_policy=AckPolicy.NONE,
            filter_subjects=self._subjects,
            inactive_threshold=INACTIVE_SECONDS,
            mem_storage=True,
            num_replicas=1,
        )

    async def _failed(self, error: Exception) -> None:
        """Log what went wrong, once until it goes well again."""
        reason = cause_of(error, self._stream)
        if isinstance(error, TimeoutError) and self.failing.startswith("no permission"):
            return  # what was refused is answered by silence
        if reason != self.failing:
            self.failing = reason
            level = logging.ERROR if missing_permission(error) else logging.WARNING
            log.log(level, "roster %s: cannot read %s now: %s", self._name, self._stream, reason)


class _Attached:
    """One consumer, while it lasts."""

    def __init__(
        self, pull: Pull, js: JetStreamContext, consumer: tuple[str, str], replica: FollowsStream
    ) -> None:
        self._pull = pull
        self._js = js
        self._consumer = consumer
        self._replica = replica
        self._received = 0
        self._confirm_at = monotonic() + CONFIRM_SECONDS

    async def read_once(self) -> None:
        """Take what is there, waiting up to FETCH_SECONDS; ask for a confirmation if one is due.

        Raises:
            nats.errors.Error: the consumer is gone, or sent something that did not arrive.
            TimeoutError: the broker does not confirm.
        """
        messages = await self._pull.next(FETCH_SECONDS)
        if messages:
            self._take(messages)
        elif self._pull.refused:
            raise _ConsumerLostError(self._pull.refused)
        elif monotonic() >= self._confirm_at:
            info = await self._js.consumer_info(*self._consumer)
            if info.delivered is None or info.delivered.consumer_seq != self._received:
                raise _DocumentsLostError
            if info.num_pending == 0:
                self._confirmed()

    def _take(self, messages: Sequence[Msg]) -> None:
        last = messages[-1].metadata
        self._received += len(messages)
        if last.sequence.consumer != self._received:
            raise _DocumentsLostError
        self._replica.apply([_document(message) for message in messages], last.sequence.stream)
        if last.num_pending == 0:
            self._confirmed()

    def _confirmed(self) -> None:
        self._replica.confirm()
        self._confirm_at = monotonic() + CONFIRM_SECONDS


def _document(message: Msg) -> StateMessage:
    complete = (message.headers or {}).get(COMPLETE_HEADER, "")
    return message.subject, message.data, int(complete) if complete.isdecimal() else None
