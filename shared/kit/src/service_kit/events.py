"""What a service does with events: declared in its `entrypoints/events.py`."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

from persona_contracts import Event, Received

from service_kit.store import Session
from service_kit.topology import ADVISORY_STREAM, MAX_DELIVERIES_SUBJECT, Durable, stream_of

BATCH = 100

EventT = TypeVar("EventT", bound=Event)
DepsT = TypeVar("DepsT")
Batch: TypeAlias = Sequence[Received[EventT]]
"""Events that are all new, in the order of their stream."""
Handler: TypeAlias = Callable[[Session, Batch[EventT], DepsT], Awaitable[None]]
"""Changes the store for a batch; if it fails, it is called again for each event alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription(Generic[EventT, DepsT]):
    """What a service does with one type of event."""

    model: type[EventT]
    durable: Durable
    handle: Handler[EventT, DepsT]
    batch: int


class EventRouter(Generic[DepsT]):
    """The events that a service handles, each with its function; a `Broker` includes it."""

    def __init__(self, service: str) -> None:
        """Take the service's name, such as `draft-svc`: its durables begin with it."""
        self._service = service
        self.subscriptions: list[Subscription[Any, DepsT]] = []

    def subscriber(
        self, model: type[EventT], *, durable: str, batch: int = BATCH
    ) -> Callable[[Handler[EventT, DepsT]], Handler[EventT, DepsT]]:
        """Return a decorator for the function that handles events of type `model`.

        Args:
            model: the event's contract.
            durable: what was handled is kept under `<service>_<durable>`: data, never renamed.
            batch: how many events one transaction takes at most; all may be in memory at once.
        """

        def declare(handle: Handler[EventT, DepsT]) -> Handler[EventT, DepsT]:
            subject = f"{model.event_type}.v{model.event_version}.*"
            consumer = Durable(
                stream=stream_of(subject),
                name=f"{self._service}_{durable}",
                filter_subjects=(subject,),
            )
            self.subscriptions.append(
                Subscription(model=model, durable=consumer, handle=handle, batch=batch)
            )
            return handle

        return declare

    @property
    def durables(self) -> list[Durable]:
        """All durable consumers of this service, its consumer of advisories included."""
        handled = [item.durable for item in self.subscriptions]
        return [*handled, self.advisories] if handled else []

    @property
    def advisories(self) -> Durable:
        """The consumer of the server's notes that it has given up delivering an event."""
        return Durable(
            stream=ADVISORY_STREAM,
            name=f"{self._service}_on_max_deliveries",
            filter_subjects=tuple(
                f"{MAX_DELIVERIES_SUBJECT}.{item.durable.stream}.{item.durable.name}"
                for item in self.subscriptions
            ),
        )
