"""A scripted HTTP server on loopback: stands in for a vendor's API, its failures included."""

import asyncio
import json
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http.client import responses
from typing import Any, Literal
from urllib.parse import urlsplit

from service_devkit.embedded.ports import LOOPBACK
from service_devkit.testing.tcp import LoopbackServer, reset

Fault = Literal["hang", "half_body", "reset"]
"""Never answer; announce the whole body, send half of it and close; reset after the request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the stub answers, after `delay_seconds`; `parts` follow the body, one by one."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes = b""
    delay_seconds: float = 0
    fault: Fault | None = None
    parts: Sequence[bytes] = ()
    part_seconds: float = 0
    """Before each of the `parts`."""

    @classmethod
    def of_json(cls, document: object, status: int = 200, *, delay_seconds: float = 0) -> "Reply":
        """Return an answer with a JSON body."""
        headers = {"content-type": "application/json"}
        return cls(
            status=status,
            headers=headers,
            body=json.dumps(document).encode(),
            delay_seconds=delay_seconds,
        )

    @classmethod
    def of_events(cls, *events: object, done: bool = True, part_seconds: float = 0) -> "Reply":
        """Return a stream of JSON documents (`text/event-stream`); `[DONE]` ends it if `done`."""
        texts = [*(json.dumps(event) for event in events), *(["[DONE]"] if done else [])]
        return cls(
            headers={"content-type": "text/event-stream"},
            parts=[f"data: {text}\n\n".encode() for text in texts],
            part_seconds=part_seconds,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A request that the stub got; header names are in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:  # noqa: ANN401 — a JSON document of any shape
        """Return the body's document."""
        return json.loads(self.body)


Answer = Reply | Callable[[Received], Reply]


class HttpStub(LoopbackServer):
    """Answers as told by `on`, else 404, and keeps what it was asked in `requests`."""

    def __init__(self, port: int | None = None) -> None:
        super().__init__(port)
        self.requests: list[Received] = []
        self._answers: dict[tuple[str, str], deque[Answer]] = {}

    @property
    def url(self) -> str:
        """The address, without a path."""
        return f"http://{LOOPBACK}:{self.port}"

    def on(self, method: str, path: str, *answers: Answer) -> None:
        """Give `answers` in turn to requests for `path`, the last one again and again."""
        self._answers[method, path] = deque(answers)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await _read_request(reader)
        self.requests.append(request)
        reply = self._reply_to(request)
        await asyncio.sleep(reply.delay_seconds)
        if reply.fault == "reset":
            reset(writer)
        elif reply.fault == "hang":
            await reader.read()  # returns when the client gives up
        else:
            end = len(reply.body) // 2 if reply.fault == "half_body" else None
            writer.write(_head(reply) + reply.body[:end])
            for part in reply.parts:
                await asyncio.sleep(reply.part_seconds)
                writer.write(part)
                await writer.drain()
            await writer.drain()

    def _reply_to(self, request: Received) -> Reply:
        answers = self._answers.get((request.method, request.path))
        if not answers:
            return Reply(status=404)
        answer = answers.popleft() if len(answers) > 1 else answers[0]
        return answer if isinstance(answer, Reply) else answer(request)


async def _read_request(reader: asyncio.StreamReader) -> Received:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first_line, *lines = head.rstrip().split("\r\n")
    method, target, _ = first_line.split(" ")
    headers = {
        name.strip().lower(): value.strip()
        for name, _, value in (line.partition(":") for line in lines)
    }
    parts = urlsplit(target)
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Received(method=method, path=parts.path, query=parts.query, headers=headers, body=body)


def _head(reply: Reply) -> bytes:
    length = {} if reply.parts else {"content-length": str(len(reply.body))}
    headers = {**reply.headers, **length, "connection": "close"}
    lines = [f"HTTP/1.1 {reply.status} {responses.get(reply.status, '')}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
