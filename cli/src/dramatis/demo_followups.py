"""The demo's follow-ups: blocked by a missing setting, fixed, sent, and stopped by a reply."""

import asyncio
import json
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any

from nats.aio.msg import Msg
from persona_contracts import Channel, LeadRepliedV1, MessageSentV1, subject_for
from service_kit.clock import utc_now

from dramatis.broker import connected
from dramatis.defaults import WORKSPACE
from dramatis.demo_workspace import LEAD, SPRING
from dramatis.errors import CliError
from dramatis.rest import Rest

WAIT_SECONDS = 120.0
POLL_SECONDS = 0.1
LEAD_ID = "a-quiet-lead"
BOOKING_LINK = "https://book.example/ten-minutes"
NOW = {"amount": 0, "unit": "minutes"}
SEQUENCE = {
    "name": "After the first answer",
    "steps": [
        {
            "delay": NOW,
            "subject": "Ten minutes, {firstName|there}?",
            "body": "Hi {firstName|there},\n\nthis is {senderName} once more. Pick a time that"
            " suits you: {bookingLink}",
        },
        {"delay": NOW, "channel": "sms", "body": "{senderName} here: {bookingLink}"},
        {"delay": {"amount": 3, "unit": "business_days"}, "body": "Is it a bad time?"},
    ],
}


def start_follow_up(followups: Rest) -> str:
    """Create the sequence and start a lead, at any hour of the week; return the instance's id."""
    followups.send("PUT", "/api/followup-settings", json={"send_window": None})
    made = followups.send("POST", "/api/sequences", json=SEQUENCE).json()
    lead = {
        "lead_id": LEAD_ID,
        "campaign_id": SPRING,
        "lead": LEAD.model_dump(mode="json", exclude_unset=True),
    }
    path = f"/api/sequences/{made['sequence_id']}/instances"
    return followups.send("POST", path, json={"leads": [lead]}).json()["items"][0]["instance_id"]


def add_setting_and_resume(followups: Rest, blocked: dict[str, Any]) -> None:
    """Set what is missing, and let all go on that are paused for it."""
    settings = {"send_window": None, "booking_link": BOOKING_LINK}
    followups.send("PUT", "/api/followup-settings", json=settings)
    (reason,) = blocked["codes"]
    followups.send("POST", "/api/instances/resume", json={"reason": reason})


def until(
    followups: Rest, instance_id: str, holds: Callable[[dict[str, Any]], bool]
) -> dict[str, Any]:
    """Return the instance once something holds for it.

    Raises:
        CliError: it did not in WAIT_SECONDS.
    """
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        shown = followups.get(f"/api/instances/{instance_id}")
        if holds(shown):
            return shown
        if time.monotonic() > deadline:
            raise CliError(f"The follow-up is still {shown['state']} after {WAIT_SECONDS:g} s.")
        time.sleep(POLL_SECONDS)


def reply(nats_url: str) -> None:
    """Let the lead answer."""
    event = LeadRepliedV1(
        workspace_id=WORKSPACE,
        message_id="an-answer",
        lead_id=LEAD_ID,
        channel=Channel.SMS,
        received_at=utc_now(),
        body_text="Tuesday at ten?",
    )

    async def publish() -> None:
        async with connected(nats_url) as connection:
            body = event.model_dump_json(exclude_unset=True).encode()
            await connection.jetstream().publish(subject_for(event), body)  # pyright: ignore[reportUnknownMemberType]

    asyncio.run(publish())


@contextmanager
def crm(nats_url: str) -> Generator[None]:
    """Answer every send request as a CRM does, in a thread, until the block ends."""
    done = Event()
    thread = Thread(target=lambda: asyncio.run(_answer_requests(nats_url, done)))
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


async def _answer_requests(nats_url: str, done: Event) -> None:
    async with connected(nats_url) as connection:
        js = connection.jetstream()  # pyright: ignore[reportUnknownMemberType]

        async def answer(message: Msg) -> None:
            request = json.loads(message.data)
            sent = MessageSentV1(
                workspace_id=request["workspace_id"],
                request_id=request["request_id"],
                attempt=request["attempt"],
                sent_at=utc_now(),
            )
            body = sent.model_dump_json(exclude_none=True).encode()
            await js.publish(subject_for(sent), body)  # pyright: ignore[reportUnknownMemberType]

        subject = f"followup.send_requested.v1.{WORKSPACE}"
        await js.subscribe(subject, cb=answer, ordered_consumer=True)  # pyright: ignore[reportUnknownMemberType]
        await asyncio.to_thread(done.wait)
