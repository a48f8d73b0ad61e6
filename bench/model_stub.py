"""A model's server that takes its time: answers after SECONDS, and counts.

It runs as a separate process.

`GET /calls` tells how many it was asked, and how many of them at once at most.
"""

import asyncio
import json
import sys

SECONDS = 2.0
STRATEGY = {
    "intent": "question",
    "questions": ["What does it cost?"],
    "objections": [],
    "answer_from": [],
    "next_step": "Offer a call.",
    "qualification_question": None,
}
WORDS = "Ten people pay 90 euros a month."


class ModelStub:
    """Speaks as much of OpenAI's chat completions as a draft needs."""

    def __init__(self) -> None:
        self._calls = self._now = self._most = 0

    async def serve(self, port: int) -> None:
        """Serve until killed."""
        server = await asyncio.start_server(self._connected, "127.0.0.1", port, backlog=1_024)
        await server.serve_forever()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                await self._answer_one(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _answer_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.partition("content-length:")[2].split("\r\n")[0] or 0)
        body = await reader.readexactly(length)
        if head.startswith("get"):
            answer = {"calls": self._calls, "most_at_once": self._most}
        else:
            answer = await self._complete(json.loads(body))
        text = json.dumps(answer).encode()
        writer.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b"
            % (len(text), text)
        )
        await writer.drain()

    async def _complete(self, request: dict[str, object]) -> dict[str, object]:
        self._calls += 1
        self._now += 1
        self._most = max(self._most, self._now)
        try:
            await asyncio.sleep(SECONDS)
        finally:
            self._now -= 1
        content = json.dumps(STRATEGY) if "response_format" in request else WORDS
        message = {"role": "assistant", "content": content}
        return {
            "id": "c",
            "object": "chat.completion",
            "created": 1,
            "model": "stub",
            "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
            "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
        }


if __name__ == "__main__":
    asyncio.run(ModelStub().serve(int(sys.argv[1])))
