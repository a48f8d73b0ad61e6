"""Voices, audio and quota of the stand-in."""

import asyncio
import time

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from service_devkit.vendors.elevenlabs import audio
from service_devkit.vendors.elevenlabs.account import RESET_SECONDS, Account, Json, VendorError
from service_devkit.vendors.elevenlabs.calls import FAKE_HEADER, Call, Streamed, gone
from service_devkit.vendors.elevenlabs.faults import Fault
from service_devkit.vendors.elevenlabs.voices import matches

SAMPLE_TEXT = "This is how I sound to those who listen."


async def say(call: Call) -> Response:
    """Send audio in chunks, as they would be made."""
    account, text = call.account, str(call.body["text"])
    voice_id = call.params["voice_id"]
    if not text.strip():
        raise VendorError(400, "input_text_empty", "The text is empty.")
    account.find("voice", voice_id)
    if account.streams_open >= account.behaviour.max_concurrent:
        raise VendorError(
            429, "too_many_concurrent_requests", "Too many concurrent requests for this plan."
        )
    account.count_characters(text)
    asked = {"voice_id": voice_id, **call.body}
    return TimedAudio(account, audio.tag(asked), audio.chunk_count(text), call.fault)


async def list_voices(call: Call) -> Json:
    """Return a page of voices."""
    found = [voice for voice in call.account.voices.values() if matches(voice, call.query)]
    start = int(call.query.get("next_page_token") or 0)
    end = start + min(100, int(call.query.get("page_size", "10")))
    return {
        "voices": found[start:end],
        "has_more": end < len(found),
        "total_count": len(found),
        "next_page_token": str(end) if end < len(found) else None,
    }


async def get_voice(call: Call) -> Json:
    """Return a voice."""
    return call.account.find("voice", call.params["voice_id"])


async def subscription(call: Call) -> Json:
    """Return what was used."""
    behaviour = call.account.behaviour
    return {
        "tier": "creator",
        "character_count": call.account.characters_used,
        "character_limit": behaviour.character_limit,
        "max_character_limit_extension": 0,
        "max_credit_limit_extension": 0,
        "can_extend_character_limit": False,
        "allowed_to_extend_character_limit": False,
        "next_character_count_reset_unix": int(time.time()) + RESET_SECONDS,
        "voice_slots_used": 0,
        "professional_voice_slots_used": 0,
        "professional_voice_slots_used_in_workspace": 0,
        "voice_limit": 30,
        "voice_add_edit_counter": 0,
        "professional_voice_limit": 1,
        "can_extend_voice_limit": False,
        "can_use_instant_voice_cloning": True,
        "can_use_professional_voice_cloning": True,
        "current_overage": {"amount": "0", "currency": "usd"},
        "status": "active",
        "open_invoices": [],
        "has_open_invoices": False,
    }


async def sample(request: Request) -> Response:
    """Return the sample of a voice, for which no key is asked and nothing counted."""
    asked = {"voice_id": request.path_params["voice_id"], "text": SAMPLE_TEXT}
    chunks = [audio.chunk() for _ in range(audio.chunk_count(SAMPLE_TEXT))]
    return Response(
        audio.tag(asked) + b"".join(chunks),
        media_type="audio/mpeg",
        headers={FAKE_HEADER: "elevenlabs"},
    )


class TimedAudio(Streamed):
    """Chunks with pauses between them; it counts as open until it ends or its client goes."""

    def __init__(self, account: Account, tag: bytes, chunks: int, fault: Fault | None) -> None:
        super().__init__(media_type="audio/mpeg")
        self._account = account
        self._tag = tag
        self._chunks = chunks
        self._fault = fault

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Send them."""
        self._account.streams_open += 1
        self._account.most_streams_open = max(
            self._account.most_streams_open, self._account.streams_open
        )
        sending = asyncio.create_task(self._send(send))
        leaving = asyncio.create_task(gone(receive))
        try:
            await asyncio.wait([sending, leaving], return_when=asyncio.FIRST_COMPLETED)
        finally:
            sending.cancel()
            leaving.cancel()
            await asyncio.gather(sending, leaving, return_exceptions=True)
            self._account.streams_open -= 1

    async def _send(self, send: Send) -> None:
        behaviour = self._account.behaviour
        await asyncio.sleep(behaviour.first_byte_seconds)
        headers = {
            "content-type": "audio/mpeg",
            "current-concurrent-requests": str(self._account.streams_open),
            "maximum-concurrent-requests": str(behaviour.max_concurrent),
            "character-cost": "0",
            FAKE_HEADER: "elevenlabs",
        }
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": 200, "headers": raw})
        for number in range(self._chunks):
            if number:
                await asyncio.sleep(behaviour.chunk_seconds)
            if self._fault is not None and number >= self._chunks // 2:
                await self._go_wrong(self._fault)
                return
            part = audio.chunk() if number else self._tag + audio.chunk()
            await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    async def _go_wrong(self, fault: Fault) -> None:
        """Break off, by not saying that this is the end; or never go on."""
        if fault.kind == "hang":
            await asyncio.Event().wait()
