"""Audio as an HTTP answer: each part is sent when it comes; whoever leaves is noticed at once."""

import asyncio
from collections.abc import Mapping
from typing import Any

from fastapi import Response
from starlette.types import Receive, Scope, Send

from voice_svc.domain.provider import ProviderUnavailableError
from voice_svc.usecases.spoken import Spoken

MEDIA_TYPE = "audio/mpeg"
AUDIO: dict[int | str, dict[str, Any]] = {
    200: {"content": {MEDIA_TYPE: {}}, "description": "The audio, as it comes."}
}


class AudioResponse(Response):
    """A live answer; if the audio breaks off, so does the answer: its end is not announced."""

    media_type = MEDIA_TYPE

    def __init__(self, spoken: Spoken, headers: Mapping[str, str]) -> None:
        super().__init__(headers=headers)
        del self.headers["content-length"]
        self._spoken = spoken

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        sending = asyncio.create_task(self._send(send))
        leaving = asyncio.create_task(_gone(receive))
        try:
            await asyncio.wait([sending, leaving], return_when=asyncio.FIRST_COMPLETED)
        finally:
            leaving.cancel()
            sending.cancel()
            await asyncio.gather(sending, leaving, return_exceptions=True)
            await self._spoken.close()

    async def _send(self, send: Send) -> None:
        start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        await send(start)
        try:
            async for part in self._spoken.parts():
                await send({"type": "http.response.body", "body": part, "more_body": True})
        except ProviderUnavailableError:
            return
        await send({"type": "http.response.body", "body": b""})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
