"""The streams of Dramatis, declared once (events.md §2), and how they and consumers are kept."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from nats.js import JetStreamContext
from nats.js.api import (
    AckPolicy,
    ConsumerConfig,
    ConsumerInfo,
    DeliverPolicy,
    RetentionPolicy,
    StorageType,
    StreamConfig,
    StreamInfo,
)
from nats.js.errors import NotFoundError
from persona_contracts import EVENTS

DAY_SECONDS = 86_400
DUPLICATE_WINDOW_SECONDS = 120
ACK_WAIT_SECONDS = 30
MAX_ACK_PENDING = 1_000
"""How many messages a consumer has delivered and not acknowledged, at most."""
STATE_STREAM = "PERSONA_STATE"
KEY_STREAM = "KEY_STATE"
"""What our services know of API keys, and nobody else may read."""
DEAD_STREAM = "DEAD"
ADVISORY_STREAM = "ADVISORY"
MAX_EVENT_BYTES = 1024 * 1024
"""Headers and body of an event of others (events.md §1); of a larger one nothing is kept."""
MAX_DELIVERIES_SUBJECT = "$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES"


def _events(name: str, *nouns: str) -> StreamConfig:
    return StreamConfig(
        name=name,
        subjects=[f"{noun}.*.v1.*" for noun in nouns],
        storage=StorageType.FILE,
        max_age=30 * DAY_SECONDS,
        duplicate_window=DUPLICATE_WINDOW_SECONDS,
        allow_atomic=True,
    )


def _events_of_the_crm() -> StreamConfig:
    """Take the types of events that there are: of a misspelt one its sender gets no ack."""
    stream = _events("CRM", "lead", "campaign", "file", "message")
    nouns = {subject.partition(".")[0] for subject in stream.subjects or ()}
    subjects = [
        f"{event.event_type}.v{event.event_version}.*"
        for event in EVENTS
        if event.event_type.partition(".")[0] in nouns
    ]
    return replace(stream, subjects=subjects, max_msg_size=MAX_EVENT_BYTES)


STREAMS: dict[str, StreamConfig] = {
    stream.name or "": stream
    for stream in (
        _events_of_the_crm(),
        _events("PERSONA", "persona", "workspace", "assignment"),
        _events("DRAFT", "draft"),
        _events("FOLLOWUP", "followup"),
        _events("KNOWLEDGE", "knowledge"),
        _events("VOICE", "voice"),
        _events("CHAT", "chat"),
        StreamConfig(
            name=STATE_STREAM,
            subjects=["persona-state.v1.*.*.*"],
            storage=StorageType.FILE,
            max_msgs_per_subject=1,
            duplicate_window=DUPLICATE_WINDOW_SECONDS,
            allow_atomic=True,
            allow_direct=True,
        ),
        StreamConfig(
            name=KEY_STREAM,
            subjects=["key-state.v1.*.*"],
            storage=StorageType.FILE,
            max_msgs_per_subject=1,
            duplicate_window=DUPLICATE_WINDOW_SECONDS,
            allow_atomic=True,
        ),
        StreamConfig(
            name=DEAD_STREAM,
            subjects=["dead.*.*"],
            storage=StorageType.FILE,
            max_age=30 * DAY_SECONDS,
            duplicate_window=DUPLICATE_WINDOW_SECONDS,
        ),
        StreamConfig(
            name=ADVISORY_STREAM,
            subjects=[
                f"{MAX_DELIVERIES_SUBJECT}.>",
                "$JS.EVENT.ADVISORY.CONSUMER.MSG_TERMINATED.>",
            ],
            storage=StorageType.FILE,
            max_age=7 * DAY_SECONDS,
            duplicate_window=DUPLICATE_WINDOW_SECONDS,
        ),
    )
}
_UNSET: dict[str, Any] = {
    "retention": RetentionPolicy.LIMITS,
    "max_msgs": -1,
    "max_bytes": -1,
    "max_consumers": -1,
    "max_age": 0,
    "allow_atomic": False,
    "allow_direct": False,
}
"""What the broker makes of a field that is not set."""
_COMPARED = (
    "subjects",
    "storage",
    "discard",
    "max_msgs_per_subject",
    "max_msg_size",
    "duplicate_window",
    *_UNSET,
)
_STREAM_BY_NOUN = {
    subject.partition(".")[0]: name
    for name, stream in STREAMS.items()
    if name not in {DEAD_STREAM, ADVISORY_STREAM}
    for subject in stream.subjects or ()
}


def stream_of(subject: str) -> str:
    """Return the stream that keeps `subject`, by its noun."""
    return _STREAM_BY_NOUN[subject.partition(".")[0]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Durable:
    """A durable consumer, shared by all replicas of a service."""

    stream: str
    name: str
    filter_subjects: tuple[str, ...]
    ack_wait_seconds: float = ACK_WAIT_SECONDS
    max_deliver: int = 10

    def config(self) -> ConsumerConfig:
        """Return it as the broker wants it (events.md §2)."""
        return ConsumerConfig(
            durable_name=self.name,
            filter_subjects=list(self.filter_subjects),
            deliver_policy=DeliverPolicy.ALL,
            ack_policy=AckPolicy.EXPLICIT,
            ack_wait=self.ack_wait_seconds,
            max_deliver=self.max_deliver,
            max_ack_pending=MAX_ACK_PENDING,
        )

    def is_like(self, found: ConsumerConfig) -> bool:
        """Return whether a consumer of the broker reads the declared subjects, with their time."""
        subjects = found.filter_subjects or [found.filter_subject]
        is_same = sorted(filter(None, subjects)) == sorted(self.filter_subjects)
        return is_same and found.ack_wait == self.ack_wait_seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """A field of a stream that is not as declared: somebody else has changed the stream."""

    stream: str
    field: str
    declared: object
    found: object


def drift_of(found: StreamConfig) -> Sequence[Drift]:
    """Return in what a stream differs from its declaration, apart from its number of replicas."""
    name = found.name or ""
    declared = STREAMS[name]
    return [
        Drift(
            stream=name, field=field, declared=_value(declared, field), found=_value(found, field)
        )
        for field in _COMPARED
        if _value(declared, field) != _value(found, field)
    ]


async def restore_stream(js: JetStreamContext, found: StreamConfig) -> None:
    """Make a stream as declared again; its number of replicas stays.

    Raises:
        nats.errors.Error: the broker refuses the change (for example of `storage`), or is away.
    """
    declared = replace(STREAMS[found.name or ""], num_replicas=found.num_replicas)
    await js.update_stream(declared)  # pyright: ignore[reportUnknownMemberType]


async def ensure_stream(js: JetStreamContext, name: str, *, replicas: int = 1) -> StreamInfo:
    """Create the stream `name` if it is missing; return what the broker has.

    An existing stream is not changed; `apply_streams` and `restore_stream` do that.
    """
    try:
        return await js.stream_info(name)
    except NotFoundError:
        return await js.add_stream(replace(STREAMS[name], num_replicas=replicas))  # pyright: ignore[reportUnknownMemberType]


async def ensure_consumer(js: JetStreamContext, durable: Durable) -> ConsumerInfo:
    """Create `durable` if it is missing, or change it to be as declared; return its state."""
    try:
        info = await js.consumer_info(durable.stream, durable.name)
    except NotFoundError:
        info = None
    if info is None or not durable.is_like(info.config):
        info = await js.add_consumer(durable.stream, durable.config())  # pyright: ignore[reportUnknownMemberType]
    return info


async def apply_streams(js: JetStreamContext, *, replicas: int = 1) -> dict[str, str]:
    """Make every stream as declared; return what was done: `created`, `updated`, by stream.

    Raises:
        nats.errors.Error: the broker refuses a change (for example of `storage`), or is away.
    """
    done: dict[str, str] = {}
    for name, declared in STREAMS.items():
        config = replace(declared, num_replicas=replicas)
        try:
            await js.stream_info(name)
        except NotFoundError:
            await js.add_stream(config)  # pyright: ignore[reportUnknownMemberType]
            done[name] = "created"
        else:
            await js.update_stream(config)  # pyright: ignore[reportUnknownMemberType]
            done[name] = "updated"
    return done


async def find_drift(js: JetStreamContext) -> Sequence[Drift]:
    """Return every difference between the streams and their declarations; "missing" if one is."""
    found: list[Drift] = []
    for name in STREAMS:
        try:
            info = await js.stream_info(name)
        except NotFoundError:
            found.append(Drift(stream=name, field="stream", declared="kept", found="missing"))
        else:
            found += drift_of(info.config)
    return found


def _value(config: StreamConfig, field: str) -> object:
    value = getattr(config, field)
    return _UNSET[field] if value is None and field in _UNSET else value
