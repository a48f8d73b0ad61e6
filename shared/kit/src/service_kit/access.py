"""What a service needs of the broker, told by its own code: `python -m <service> access`."""

from collections.abc import Sequence
from dataclasses import dataclass

from persona_contracts import EVENTS
from persona_contracts.catalogue import event_name
from pydantic import TypeAdapter

from service_kit.topology import KEY_STREAM, STATE_STREAM, STREAMS, Durable, stream_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Subjects:
    """What a service uses of the broker beside its streams, durables and answered requests."""

    sends: Sequence[str] = ()
    """What it asks of others, or sends for them."""
    listens: Sequence[str] = ()
    """What it hears as it happens, of events that may be missed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """One service's use of the broker."""

    service: str
    durables: Sequence[Durable]
    """Its consumers, that of advisories included."""
    streams: Sequence[str]
    """Those that it writes, and refills when they are lost."""
    answers: Sequence[str]
    """Subjects of requests that it answers."""
    queue: str | None
    """Its replicas share requests in it."""
    beside: Subjects
    follows_personas: bool

    @property
    def publishes(self) -> Sequence[str]:
        """The subjects of the streams it writes: one pattern for each type of event."""
        own = [
            f"{event_name(event)}.*"
            for event in EVENTS
            if stream_of(event.event_type) in self.streams
        ]
        state = [
            subject
            for name in (STATE_STREAM, KEY_STREAM)
            if name in self.streams
            for subject in STREAMS[name].subjects or ()
        ]
        return [*own, *state]


ACCESS = TypeAdapter(list[Access])
"""Reads and writes the accesses of all services as JSON."""
