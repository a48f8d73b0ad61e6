"""One trace goes with a reply: HTTP, broker, consumer, work, outbox, and the event of its draft."""

import gzip
import json

import nats
import pytest
from drafting import Desk, replied
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from service_devkit.testing.api import running, service_env
from service_devkit.testing.http_stub import Reply
from service_devkit.testing.waiting import wait_until

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


def exported(stub):
    for request in stub.requests:
        body = request.body
        if request.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            for scope in resource.scope_spans:
                yield from scope.spans
