"""The streams of Dramatis, declared once (events.md §2), and how they and consumers are kept."""

from dataclasses import dataclass, replace

from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy, StorageType, StreamConfig
from nats.js.errors import NotFoundError

DAY_SECONDS = 86_400
DUPLICATE_WINDOW_SECONDS = 120
ACK_WAIT_SECONDS = 30
STATE_STREAM = "PERSONA_STATE"
DEAD_STREAM = "DEAD"
ADVISORY_STREAM = "ADVISORY"
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


STREAMS: dict[str, StreamConfig] = {
    stream.name or "": stream
    for stream in (
        _events("CRM", "lead", "campaign", "file", "message"),
        _events("PERSONA", "persona", "workspace", "assignment"),
        _events("DRAFT", "draft"),
        _events("FOLLOWUP", "followup"),
        _events("KNOWLEDGE", "knowledge"),
        _events("VOICE", "voice"),
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
            max_ack_pending=1_000,
        )


async def ensure_stream(js: JetStreamContext, name: str, *, replicas: int = 1) -> str:
    """Create the stream `name` if it is missing; return when it was created, as text.

    Running services never change an existing stream, so that two versions cannot fight over it;
    `apply_streams` does.
    """
    try:
        info = await js.stream_info(name)
    except NotFoundError:
        info = await js.add_stream(replace(STREAMS[name], num_replicas=replicas))  # pyright: ignore[reportUnknownMemberType]
    return info.created.isoformat() if info.created else ""


async def ensure_consumer(js: JetStreamContext, durable: Durable) -> None:
    """Create `durable` if it is missing, or if its `ack_wait` is another."""
    try:
        info = await js.consumer_info(durable.stream, durable.name)
    except NotFoundError:
        info = None
    if info is None or info.config.ack_wait != durable.ack_wait_seconds:
        await js.add_consumer(durable.stream, durable.config())  # pyright: ignore[reportUnknownMemberType]


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
