"""An answer as server-sent events: the AI SDK's UI message stream, with ids to come back by."""

import json
from collections.abc import AsyncGenerator, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final
from uuid import UUID

from fastapi.responses import StreamingResponse
from service_kit.errors import MalformedError

from chat_svc.domain.conversation import Conversation
from chat_svc.domain.delta import Delta
from chat_svc.domain.message import Message, MessageStatus
from chat_svc.usecases.follow_answer import FollowAnswer, Ping, Restarted, Seen, Stopping

HEADERS: Final[Mapping[str, str]] = {
    "Cache-Control": "no-cache",
    "X-Accel-Buffering": "no",
    "x-vercel-ai-ui-message-stream": "v1",
}
MEDIA_TYPE: Final = "text/event-stream"
STREAM: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "content": {MEDIA_TYPE: {"schema": {"type": "string"}}},
        "description": "The answer, as it comes.",
    }
}
MAX_EVENT_ID_CHARS: Final = 80
RETRY_MS: Final = 1_000


class EventIdUnknownError(MalformedError):
    """The Last-Event-ID is none of this stream's."""

    slug = "event-id-unknown"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a reader was: `<message_id>:<characters>`, and `:<run>` after the first."""

    message_id: UUID
    seen: int
    run: int = 1

    @classmethod
    def parse(cls, text: str) -> "Place":
        """Return the place that an event id names.

        Raises:
            EventIdUnknownError: it names none.
        """
        try:
            message_id, *counts = text.split(":")
            seen, run = [*map(int, counts), 1][:2]
            place = cls(UUID(message_id), seen, run)
        except ValueError as error:
            raise EventIdUnknownError("Send the id of the last event of this stream.") from error
        if place.seen < 0 or place.run < 1:
            raise EventIdUnknownError("Send the id of the last event of this stream.")
        return place

    def __str__(self) -> str:
        """Return the event id."""
        run = f":{self.run}" if self.run > 1 else ""
        return f"{self.message_id}:{self.seen}{run}"


def answer_response(
    follow: FollowAnswer, conversation: Conversation, place: Place
) -> StreamingResponse:
    """Return the stream of an answer, from a place on."""
    frames = _Frames(conversation, place)
    seen = follow.follow(
        conversation.workspace_id,
        place.message_id,
        run=place.run if place.seen else 0,
        seen=place.seen,
    )
    return StreamingResponse(_sent(frames, seen), media_type=MEDIA_TYPE, headers=HEADERS)


async def _sent(frames: "_Frames", following: AsyncGenerator[Seen]) -> AsyncGenerator[str]:
    yield ": hello\n\n"
    try:
        async for seen in following:
            for frame in frames.of(seen):
                yield frame
    finally:
        await following.aclose()


class _Frames:
    """Makes events of what is seen of one answer."""

    def __init__(self, conversation: Conversation, place: Place) -> None:
        self._conversation = conversation
        self._place = place
        self._is_resumed = place.seen > 0
        self._has_begun = False
        self._text_is_open = False

    def of(self, seen: Seen) -> Iterator[str]:
        """Yield the events of what is seen."""
        match seen:
            case Ping():
                yield ": ping\n\n"
            case Stopping():
                yield f"retry: {RETRY_MS}\n\n"
            case Restarted():
                yield from self._restarted()
            case Delta():
                yield from self._text(seen)
            case Message() if not self._has_begun:
                yield from self._begun(seen)
            case Message():
                yield from self._ended(seen)

    def _begun(self, message: Message) -> Iterator[str]:
        self._has_begun = True
        if self._is_resumed:
            self._text_is_open = True
            return
        by = message.resolution or {}
        kept = ("persona_id", "persona_name", "version", "revision", "tier", "freshness")
        metadata = {"conversation_id": str(self._conversation.conversation_id)}
        metadata |= {name: by.get(name) for name in kept}
        yield self._event("start", messageId=str(message.message_id), messageMetadata=metadata)
        yield "event: thread_info\n" + self._event(
            "data-thread_info",
            data={
                "thread_id": str(self._conversation.conversation_id),
                "title": self._conversation.title,
                "message_id": str(message.message_id),
            },
        )

    def _text(self, delta: Delta) -> Iterator[str]:
        if not self._text_is_open:
            self._text_is_open = True
            self._place = Place(self._place.message_id, delta.start, delta.run)
            yield self._event("text-start", id=self._part)
        self._place = Place(self._place.message_id, delta.end, delta.run)
        yield self._event("text-delta", id=self._part, delta=delta.text)

    def _restarted(self) -> Iterator[str]:
        if self._text_is_open:
            self._text_is_open = False
            yield self._event("text-end", id=self._part)
        yield self._event("data-restart", data={}, transient=True)

    def _ended(self, message: Message) -> Iterator[str]:
        if self._text_is_open:
            yield self._event("text-end", id=self._part)
        for each in message.citations:
            quoted = {"number": each.number, "page": each.page, "quote": each.text}
            yield self._event(
                "source-document",
                sourceId=each.chunk_id,
                mediaType="text/plain",
                title=str(each),
                providerMetadata={"dramatis": quoted},
            )
        usage = asdict(message.usage) if message.usage else None
        metadata = {
            "status": message.status.value,
            "knowledge": message.knowledge,
            "model": message.model,
            "usage": usage,
        }
        match message.status:
            case MessageStatus.FAILED:
                failure = message.failure
                yield self._event("error", errorText=failure.title if failure else "It failed.")
            case MessageStatus.STOPPED:
                yield self._event("abort")
            case _:
                yield self._event("finish", messageMetadata=metadata)
        yield "data: [DONE]\n\n"

    @property
    def _part(self) -> str:
        return f"text-{self._place.run}"

    def _event(self, kind: str, **values: object) -> str:
        data = json.dumps({"type": kind, **values}, ensure_ascii=False)
        return f"id: {self._place}\ndata: {data}\n\n"
