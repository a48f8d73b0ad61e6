"""One trace goes with a reply up to its draft, and with a persona up to the speech vendor."""

import gzip
import json
from uuid import uuid4

import nats
import pytest
from drafting import Desk, replied
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from persona_contracts import (
    PersonaCreatedV1,
    Prompts,
    ResolvedPersona,
    Voice,
    encode_headers,
    state_subject,
    subject_for,
)
from service_devkit.testing.api import running, service_env
from service_devkit.testing.http_stub import Reply
from service_devkit.testing.waiting import wait_until
from service_devkit.vendors.elevenlabs import FakeElevenLabs
from service_kit.clock import utc_now

TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
SAMPLED = {"traceparent": f"00-{TRACE_ID}-b7ad6b7169203331-01"}
WORDS = "What does it cost for eleven people?"


@pytest.fixture
def api(database, nats_url, http_stub, tmp_path):
    env = service_env(
        tmp_path,
        database_url=database("draft_svc").login_url,
        nats_url=nats_url,
        more={"DRAMATIS_OTLP_ENDPOINT": http_stub.url},
    )
    with running("draft_svc", tmp_path, env) as started:
        yield started


async def test_a_trace_crosses_http_broker_consumer_work_and_outbox(api, nats_url, http_stub):
    http_stub.on("POST", "/v1/traces", Reply())
    connection = await nats.connect(nats_url)
    async with api.client("traced") as client:
        desk = Desk("traced", connection, client)
        event = replied("traced", body_text=WORDS).model_dump(mode="json", exclude_unset=True)
        answer = await client.post("/api/replies", json=event, headers=SAMPLED)
        assert answer.status_code == 202
        await desk.until(event["message_id"], "ready")
        await desk.events("created")
        created = await connection.jetstream().get_last_msg("DRAFT", "draft.created.v1.traced")
        assert created.headers["traceparent"].split("-")[1] == TRACE_ID

        def spans():
            return {span.name for span in exported(http_stub) if span.trace_id.hex() == TRACE_ID}

        expected = {"POST /api/replies", "process lead.replied", "work draft"}
        await wait_until(lambda: spans() >= expected)
    await connection.close()
    assert WORDS not in json.dumps([str(span) for span in exported(http_stub)])


@pytest.fixture
def vendor(tmp_path):
    with FakeElevenLabs(tmp_path / "elevenlabs.log") as server:
        yield server


@pytest.fixture
def voice(database, nats_url, http_stub, vendor, tmp_path):
    env = service_env(
        tmp_path,
        database_url=database("voice_svc").login_url,
        nats_url=nats_url,
        more={
            "DRAMATIS_OTLP_ENDPOINT": http_stub.url,
            "DRAMATIS_VOICE_ELEVENLABS_API_KEY": vendor.key,
            "DRAMATIS_VOICE_ELEVENLABS_BASE_URL": vendor.url,
        },
    )
    with running("voice_svc", tmp_path, env) as started:
        yield started


async def test_a_trace_goes_with_a_persona_to_the_requests_of_its_agent(voice, nats_url, http_stub):
    http_stub.on("POST", "/v1/traces", Reply())
    connection = await nats.connect(nats_url)
    js = connection.jetstream()
    nova = await told_of(js, SAMPLED)

    async with voice.client("traced") as client:

        async def is_ready():
            path = f"/api/personas/{nova.persona_id}/agent/status"
            return (await client.get(path)).json().get("status") == "ready"

        await wait_until(is_ready)

    def chain():
        """Return the spans from the request that made the agent up to the event, by name."""
        mine = [span for span in exported(http_stub) if span.trace_id.hex() == TRACE_ID]
        by_id = {span.span_id: span for span in mine}
        made = [span for span in mine if "/v1/convai/agents/create" in str(span.attributes)]
        names = list[str]()
        step = made[0] if made else None
        while step is not None:
            names.append(step.name)
            step = by_id.get(step.parent_span_id)
        return names

    await wait_until(lambda: chain()[:2] == ["POST", "work agent"])
    ready = await js.get_last_msg("VOICE", "voice.agent_ready.v1.traced")
    assert ready.headers["traceparent"].split("-")[1] == TRACE_ID
    await connection.close()
    assert nova.greeting not in json.dumps([str(span) for span in exported(http_stub)])


async def told_of(js, headers):
    """Publish a persona that has a voice agent, in a trace; return it."""
    nova = ResolvedPersona(
        persona_id=uuid4(),
        name="Nova",
        greeting="Welcome to the traced workshop.",
        prompts=Prompts(system="You are Nova.", rag="", user=""),
        voice=Voice(provider="elevenlabs", enabled=True),
        version=1,
        revision=1,
        updated_at=utc_now(),
    )
    event = PersonaCreatedV1(
        workspace_id="traced",
        occurred_at=utc_now(),
        persona=nova,
        version=1,
        revision=1,
        changed_by="ann",
    )
    subject = state_subject("traced", "persona", str(nova.persona_id))
    await js.publish(subject, nova.model_dump_json().encode())
    told = encode_headers(
        event, event_id=str(uuid4()), source="urn:dramatis:persona-svc", time=event.occurred_at
    )
    body = event.model_dump_json().encode()
    await js.publish(subject_for(event), body, headers={**told, **headers})
    return nova


def exported(stub):
    for request in stub.requests:
        body = request.body
        if request.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            for scope in resource.scope_spans:
                yield from scope.spans
