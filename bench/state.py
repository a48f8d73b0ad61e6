"""State documents as persona-svc publishes them, and a broker that holds them."""

import asyncio
from collections.abc import Iterator
from uuid import UUID

import nats
from persona_contracts import (
    CampaignState,
    Channel,
    Document,
    Prompts,
    ResolvedPersona,
    StateKind,
    WorkspaceState,
    state_subject,
)
from service_kit.clock import utc_now
from service_kit.ids import new_id
from service_kit.publishing import Message, send_batch
from service_kit.topology import apply_streams, ensure_stream

WORKSPACES = 100
STREAM = "PERSONA_STATE"
BATCH = 1_000
FILLER = "We help sales teams answer every lead within a minute, in the words of the team. "


def workspace(number: int) -> str:
    """Return the id of one of WORKSPACES workspaces."""
    return f"workspace-{number % WORKSPACES}"


def persona(number: int) -> ResolvedPersona:
    """Return a persona whose document has 2 KB."""
    return ResolvedPersona(
        persona_id=UUID(int=number + 1),
        name=f"Persona {number}",
        persona_name="Anna",
        tone="warm, brief, never pushy",
        greeting="Hi {{first_name}},",
        signature="Best,\nAnna",
        content=FILLER * 12,
        prompts=Prompts(system=FILLER, rag=FILLER, user=FILLER),
        version=1,
        revision=1,
        updated_at=utc_now(),
    )


def documents(personas: int, campaigns: int) -> Iterator[Message]:
    """Yield the documents of all workspaces; each campaign has a persona, each workspace one."""
    for number in range(personas):
        document = persona(number)
        yield _message(workspace(number), "persona", str(document.persona_id), document)
    for number in range(campaigns):
        chosen = UUID(int=number % personas + 1)
        name = f"campaign-{number}"
        document = CampaignState(
            campaign_id=name, name=name, assignments={Channel.EMAIL: chosen}, revision=1
        )
        yield _message(workspace(number), "campaign", name, document)
    for number in range(WORKSPACES):
        document = WorkspaceState(default_persona_id=UUID(int=number + 1), revision=1)
        yield _message(workspace(number), "workspace", workspace(number), document)


async def fill(nats_url: str, messages: list[Message]) -> None:
    """Put `messages` on the stream of state documents."""
    connection = await nats.connect(nats_url)
    await ensure_stream(connection.jetstream(), STREAM)
    for first in range(0, len(messages), BATCH):
        await send_batch(connection, messages[first : first + BATCH])
        await asyncio.sleep(0)
    await connection.close()


async def publish_senders(nats_url: str, workspaces: int) -> None:
    """Declare all streams, and give the workspaces `bench-0`, … each a persona that speaks."""
    connection = await nats.connect(nats_url)
    js = connection.jetstream()
    await apply_streams(js)
    for number in range(workspaces):
        workspace_id = f"bench-{number}"
        sender = ResolvedPersona(
            persona_id=new_id(),
            name="Anna",
            persona_name="Anna Berg",
            signature="Anna Berg\nAcme, Berlin",
            service_description="Acme rents bicycles to companies.",
            prompts=Prompts(system="", rag="", user=""),
            version=1,
            revision=1,
            updated_at=utc_now(),
        )
        default = WorkspaceState(default_persona_id=sender.persona_id, revision=1)
        for message in (
            _message(workspace_id, "persona", str(sender.persona_id), sender),
            _message(workspace_id, "workspace", workspace_id, default),
        ):
            await js.publish(message.subject, message.body)
    await connection.close()


def _message(workspace_id: str, kind: StateKind, entity_id: str, document: Document) -> Message:
    return Message(
        subject=state_subject(workspace_id, kind, entity_id),
        body=document.model_dump_json().encode(),
        headers={},
    )
