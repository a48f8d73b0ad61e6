"""What the demo plays with: a workspace, two campaigns, three personas, and the replies."""

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files as package_files
from pathlib import Path
from typing import Any
from uuid import uuid4

from persona_client import Roster
from persona_contracts import (
    CRM_SOURCE,
    CampaignSyncedV1,
    Channel,
    Lead,
    LeadRepliedV1,
    encode_headers,
    subject_for,
)
from service_kit.clock import utc_now
from service_kit.publishing import Message, send_one

from dramatis.broker import connected
from dramatis.defaults import WORKSPACE
from dramatis.errors import CliError
from dramatis.reply_files import SUFFIXES, Addressing, read_reply
from dramatis.rest import Rest

SPRING, SUMMER = "spring-offer", "summer-offer"
REAL_REPLIES = Path("../shared/data/replies")
WAIT_SECONDS = 120.0
LEAD = Lead(first_name="Robin")
HOUSE: dict[str, Any] = {
    "name": "House voice",
    "persona_name": "Kim Berg",
    "tone": "Friendly, clear, without jargon.",
    "greeting": "Hello {first_name},",
    "signature": "Kind regards\nKim Berg\nNorthwind",
    "goals": "Book a short call this week.",
    "service_description": "Northwind helps small teams to plan their deliveries.",
}
NOVA: dict[str, Any] = {
    "name": "Nova",
    "persona_name": "Nova Lind",
    "tone": "Formal and precise.",
    "greeting": "Dear {first_name|friend},",
    "signature": "Yours sincerely\nNova Lind\nNorthwind",
    "voice": {"provider": "elevenlabs", "enabled": True},
    "goals": "Book a demonstration with your own routes.",
}
NOVA_EDIT: dict[str, Any] = {
    "cite_sources": True,
    "tone": "Casual, short, upbeat.",
    "greeting": "Hey {first_name|there}!",
    "signature": "Cheers\nNova\nNorthwind",
}
JUNIOR: dict[str, Any] = {
    "name": "Nova's colleague",
    "persona_name": "Ash Lind",
    "signature": "Yours sincerely\nAsh Lind\nNorthwind",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """The three personas as persona-svc answered them."""

    house: dict[str, Any]
    nova: dict[str, Any]
    junior: dict[str, Any]

    def name(self, persona_id: str) -> str | None:
        """Return the label of a persona."""
        everyone = (self.house, self.nova, self.junior)
        return next((p["name"] for p in everyone if p["persona_id"] == persona_id), None)


def prepare_workspace(nats_url: str, personas: Rest) -> Cast:
    """Make the workspace; returns when every follower of the personas can know it.

    Raises:
        CliError: a service refused, or the campaigns did not arrive.
        TimeoutError: the personas did not reach a follower in time.
    """
    asyncio.run(_sync_campaigns(nats_url))
    house = _create(personas, HOUSE)
    nova = _create(personas, NOVA)
    junior = _create(personas, {**JUNIOR, "parent_id": nova["persona_id"]})
    cast = Cast(house=house, nova=nova, junior=junior)
    _wait_for_campaigns(personas)
    for campaign_id, persona in ((SPRING, nova), (SUMMER, junior)):
        personas.send(
            "PUT",
            f"/api/campaigns/{campaign_id}/persona",
            json={"persona_id": persona["persona_id"]},
        )
    asyncio.run(_wait_until_known(nats_url, junior["persona_id"]))
    return cast


def demo_replies() -> list[LeadRepliedV1]:
    """Return the real replies where they exist, else the samples that this package ships.

    They go to the two campaigns and to none, in turn, each from a different lead.
    """
    folder = REAL_REPLIES
    if not folder.is_dir():
        folder = Path(str(package_files("dramatis") / "samples" / "replies"))
    # SOURCES.md says where they come from.
    paths = sorted(path for path in folder.iterdir() if path.suffix in SUFFIXES)
    if not paths:
        raise CliError(f"There are no replies in {folder}.")
    return [demo_reply(path, (SPRING, SUMMER, None)[n % 3]) for n, path in enumerate(paths)]


def demo_reply(path: Path, campaign_id: str | None, lead_id: str | None = None) -> LeadRepliedV1:
    """Return the reply in `path`, for a campaign of the demo."""
    addressing = Addressing(
        workspace_id=WORKSPACE,
        campaign_id=campaign_id,
        channel=Channel.EMAIL,
        lead_id=lead_id or path.stem,
    )
    return read_reply(path, addressing).model_copy(update={"lead": LEAD})


def _create(personas: Rest, fields: dict[str, Any]) -> dict[str, Any]:
    return personas.send("POST", "/api/personas", json=fields).json()


async def _sync_campaigns(nats_url: str) -> None:
    async with connected(nats_url) as connection:
        for campaign_id in (SPRING, SUMMER):
            event = CampaignSyncedV1(
                workspace_id=WORKSPACE,
                campaign_id=campaign_id,
                name=campaign_id.replace("-", " ").capitalize(),
                channel=Channel.EMAIL,
                status="active",
                updated_at=utc_now(),
            )
            headers = encode_headers(
                event, event_id=event.default_event_id, source=CRM_SOURCE, time=event.updated_at
            )
            message = Message(
                subject=subject_for(event),
                body=event.model_dump_json(exclude_none=True).encode(),
                headers={**headers, "Nats-Msg-Id": str(uuid4())},
            )
            await send_one(connection, message)


def _wait_for_campaigns(personas: Rest) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not {SPRING, SUMMER} <= _ids(personas.items("/api/campaigns")):
        if time.monotonic() > deadline:
            raise CliError(f"persona-svc did not take in the campaigns in {WAIT_SECONDS:g} s.")
        time.sleep(0.05)


def _ids(campaigns: Iterable[dict[str, Any]]) -> set[str]:
    return {campaign["campaign_id"] for campaign in campaigns}


async def _wait_until_known(nats_url: str, persona_id: str) -> None:
    async with Roster(nats_url, [WORKSPACE], name="demo") as roster:
        while str(roster.resolve(WORKSPACE, campaign_id=SUMMER).persona_id) != persona_id:
            revision = roster.revision(WORKSPACE)
            await roster.wait_for(WORKSPACE, revision + 1, WAIT_SECONDS)
