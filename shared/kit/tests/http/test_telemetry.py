from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from queue import Queue
from threading import Thread

import httpx
import pytest
from fastapi import FastAPI
from opentelemetry import propagate, trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import REGISTRY
from service_devkit.testing.http_stub import Reply
from service_devkit.testing.waiting import HANG_SECONDS
from service_kit.traced_http import TracedHttp
from service_kit.tracing import QueryRemover, configure_tracing, otlp_exporter, tracer_provider

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
SAMPLED = {"traceparent": f"00-{TRACE_ID}-b7ad6b7169203331-01"}


@pytest.fixture(scope="module")
def provider() -> TracerProvider:
    """The provider of this process: it can be set only once."""
    present = trace.get_tracer_provider()
    if isinstance(present, TracerProvider):
        return present
    return configure_tracing("note-svc", None)


@pytest.fixture
def spans(provider: TracerProvider) -> InMemorySpanExporter:
    exporter = InMemorySpanExporter()
    provider.add_span_processor(QueryRemover())
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return exporter


async def test_request_continues_the_callers_trace(
    client: httpx.AsyncClient, spans: InMemorySpanExporter
) -> None:
    await client.get("/api/plain/things/5?search=private", headers=SAMPLED)
    (span,) = spans.get_finished_spans()
    assert trace.format_trace_id(span.context.trace_id) == TRACE_ID
    assert span.name == "GET /api/plain/things/{number}"
    assert span.attributes["http.route"] == "/api/plain/things/{number}"
    assert span.attributes["http.response.status_code"] == 404
    assert "private" not in span.to_json()


async def test_failed_request_names_its_trace_to_the_caller(
    client: httpx.AsyncClient, spans: InMemorySpanExporter
) -> None:
    response = await client.get("/api/plain/fail", headers=SAMPLED)
    assert response.json()["trace_id"] == TRACE_ID
    (span,) = spans.get_finished_spans()
    assert not span.status.is_ok
    assert "the reason" not in span.to_json()


async def test_a_request_to_others_is_a_span_without_its_query(
    http_stub, provider: TracerProvider, spans: InMemorySpanExporter
) -> None:
    http_stub.on("GET", "/v1/things", Reply(status=404))
    with provider.get_tracer("test").start_as_current_span("work", propagate.extract(SAMPLED)):
        async with TracedHttp(headers={"authorization": "Bearer private"}) as client:
            await client.get(f"{http_stub.url}/v1/things?search=private")
    asked, work = spans.get_finished_spans()
    assert asked.parent.span_id == work.context.span_id
    assert (asked.name, asked.kind) == ("GET", trace.SpanKind.CLIENT)
    assert asked.attributes["url.path"] == "/v1/things"
    assert asked.attributes["http.response.status_code"] == 404
    assert "private" not in asked.to_json()
    assert "traceparent" not in http_stub.requests[-1].headers


async def test_a_request_that_nobody_answers_is_a_failed_span(
    provider: TracerProvider, spans: InMemorySpanExporter
) -> None:
    with provider.get_tracer("test").start_as_current_span("work", propagate.extract(SAMPLED)):
        async with TracedHttp() as client:
            with pytest.raises(httpx.ConnectError):
                await client.get("http://127.0.0.1:9/")
    asked, _ = spans.get_finished_spans()
    assert not asked.status.is_ok


async def test_probes_make_no_spans(client: httpx.AsyncClient, spans: InMemorySpanExporter) -> None:
    for path in ("/livez", "/readyz", "/metrics"):
        await client.get(path, headers=SAMPLED)
    assert spans.get_finished_spans() == ()


@pytest.fixture
def collector() -> Iterator[tuple[str, Queue[tuple[str, bytes]]]]:
    """An OTLP/HTTP collector's address, and what it received."""
    received: Queue[tuple[str, bytes]] = Queue()

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            received.put((self.path, self.rfile.read(length)))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Collector) as server:
        Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}/", received
        server.shutdown()


def test_spans_reach_the_configured_collector(collector) -> None:
    address, received = collector
    provider = tracer_provider("note-svc", otlp_exporter(address))
    with provider.get_tracer("test").start_as_current_span("work", propagate.extract(SAMPLED)):
        pass
    provider.shutdown()
    path, body = received.get(timeout=HANG_SECONDS)
    assert path == "/v1/traces"
    assert b"note-svc" in body
    assert b"work" in body


def test_without_an_exporter_there_are_trace_ids_and_no_spans() -> None:
    tracer = tracer_provider("note-svc", None).get_tracer("test")
    with tracer.start_as_current_span("work") as span:
        assert span.get_span_context().is_valid
        assert not span.is_recording()


@pytest.mark.usefixtures("provider")
def test_baggage_of_strangers_is_not_carried_on() -> None:
    assert propagate.get_global_textmap().fields == {"traceparent", "tracestate"}


def requests(route: str, method: str = "GET", status: str = "200") -> float:
    labels = {"method": method, "route": route, "status": status}
    return REGISTRY.get_sample_value("http_requests_total", labels) or 0


async def test_requests_are_counted_by_route_template(client: httpx.AsyncClient) -> None:
    route = "/api/plain/things/{number}"
    before = requests(route, status="404")
    for number in (1, 2, 3):
        await client.get(f"/api/plain/things/{number}")
    assert requests(route, status="404") == before + 3
    durations = {"method": "GET", "route": route}
    assert REGISTRY.get_sample_value("http_request_duration_seconds_count", durations) >= 3


async def test_failed_requests_are_counted_as_500(client: httpx.AsyncClient) -> None:
    before = requests("/api/plain/fail", status="500")
    await client.get("/api/plain/fail")
    assert requests("/api/plain/fail", status="500") == before + 1


async def test_made_up_addresses_and_methods_add_no_labels(client: httpx.AsyncClient) -> None:
    await client.get("/made-up-1")
    await client.request("INVENTED", "/made-up-2")
    text = (await client.get("/metrics", headers={"Authorization": ""})).text
    assert 'http_requests_total{method="other",route="unmatched",status="404"}' in text
    assert "made-up" not in text
    assert "INVENTED" not in text


async def test_metrics_are_in_prometheus_text_format(app: FastAPI) -> None:
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://x.test") as client:
        response = await client.get("/metrics")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/plain")
    assert "# TYPE http_requests_total counter" in response.text
