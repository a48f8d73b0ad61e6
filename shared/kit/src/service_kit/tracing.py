"""OpenTelemetry traces: one provider for a process, W3C trace context on every hop.

FastAPI itself makes the server spans (`TELEMETRY`); the outbox and the consumers carry the context.
"""

from fastapi.telemetry import TelemetryConfig
from opentelemetry import propagate, trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Span, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON, ParentBased
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from service_kit.api_keys import PREFIX, without_keys

EXPORT_SECONDS = 3
"""For one export with its retries, so that a lost collector does not hold up the end."""
PROBES = {"/livez", "/readyz", "/startupz", "/metrics"}
TELEMETRY: TelemetryConfig = {
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
    "exclude": lambda scope: scope.get("path") in PROBES,
}
"""FastAPI's own telemetry: a server span for each request but probes, nothing else."""


class QueryRemover(SpanProcessor):
    """Keeps what people search for, and API keys in addresses, out of exported spans."""

    def on_start(
        self,
        span: Span,
        parent_context: Context | None = None,  # noqa: ARG002 — the SDK passes it by name
    ) -> None:
        """Blank the query that FastAPI records."""
        for name, value in (span.attributes or {}).items():
            if name == "url.query":
                span.set_attribute(name, "***")
            elif isinstance(value, str) and PREFIX in value:
                span.set_attribute(name, without_keys(value))


def tracer_provider(service: str, exporter: SpanExporter | None) -> TracerProvider:
    """Return a provider that exports to `exporter`.

    Without one it still makes trace ids for the logs, and passes a caller's decision on.
    """
    provider = TracerProvider(
        resource=Resource.create({"service.name": service}),
        sampler=ParentBased(ALWAYS_ON if exporter else ALWAYS_OFF),
    )
    if exporter:
        provider.add_span_processor(QueryRemover())
        provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider


def otlp_exporter(otlp_endpoint: str) -> SpanExporter:
    """Return the exporter to an OTLP/HTTP collector such as `http://collector:4318`."""
    return OTLPSpanExporter(
        endpoint=f"{otlp_endpoint.rstrip('/')}/v1/traces", timeout=EXPORT_SECONDS
    )


def configure_tracing(service: str, otlp_endpoint: str | None) -> TracerProvider:
    """Make this process trace, once; `shutdown()` of the result sends what is left."""
    provider = tracer_provider(service, otlp_exporter(otlp_endpoint) if otlp_endpoint else None)
    trace.set_tracer_provider(provider)
    propagate.set_global_textmap(TraceContextTextMapPropagator())
    return provider


def current_trace_id() -> str | None:
    """Return the trace id as 32 hex digits, or None outside of a span."""
    context = trace.get_current_span().get_span_context()
    return trace.format_trace_id(context.trace_id) if context.is_valid else None
