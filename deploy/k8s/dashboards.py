"""The dashboards, one for all services and one for each: what `generate.py` writes as JSON.

A panel is a title, a unit and queries on our own metrics alone; `service` is the label that the
pod monitor sets.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from grafana_foundation_sdk.builders import dashboard, prometheus, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import DataSourceRef
from table import GATEWAY, SERVICES

SOURCE = DataSourceRef(type_val="prometheus", uid="${datasource}")
WIDTH = 12
HEIGHT = 8


@dataclass(frozen=True, slots=True)
class Panel:
    """A chart: each query with the legend of its lines."""

    title: str
    unit: str
    queries: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Board:
    """A dashboard, named as its file."""

    name: str
    title: str
    panels: Sequence[Panel] = field(default_factory=tuple)


def _p(title: str, unit: str, *queries: tuple[str, str]) -> Panel:
    return Panel(title, unit, queries)


def _quantile(share: float, histogram: str, chosen: str) -> str:
    rate = f"sum by (service, le) (rate({histogram}_bucket{{{chosen}}}[5m]))"
    return f"histogram_quantile({share}, {rate})"


EVENTS_OUT = "Events out"


def _every_service(chosen: str) -> list[Panel]:
    """Return what each service has; `chosen` is a matcher of the label `service`."""
    requests = f"sum by (service) (rate(http_requests_total{{{chosen}}}[5m]))"
    failing = f'sum by (service) (rate(http_requests_total{{{chosen}, status=~"5.."}}[5m]))'
    return [
        _p(
            "Requests by route",
            "reqps",
            (
                f"sum by (service, route) (rate(http_requests_total{{{chosen}}}[5m]))",
                "{{service}} {{route}}",
            ),
        ),
        _p(
            "Requests that fail here",
            "percentunit",
            (
                f"{failing} / {requests} or {requests} * 0",
                "{{service}}",
            ),
        ),
        _p(
            "Time of an answer, 99 of 100",
            "s",
            (
                _quantile(0.99, "http_request_duration_seconds", chosen),
                "{{service}}",
            ),
        ),
        _p(
            "Events in, by what became of them",
            "ops",
            (
                f"sum by (consumer, outcome) (rate(dramatis_events_total{{{chosen}}}[5m]))",
                "{{consumer}} {{outcome}}",
            ),
        ),
        _p(
            EVENTS_OUT,
            "ops",
            (
                f"sum by (stream) (rate(dramatis_events_published_total{{{chosen}}}[5m]))",
                "{{stream}}",
            ),
        ),
        _p(
            "Oldest event that is not handled",
            "s",
            (f"max by (consumer) (dramatis_consumer_lag_seconds{{{chosen}}})", "{{consumer}}"),
        ),
        _p(
            "Events that wait",
            "short",
            (f"max by (consumer) (dramatis_consumer_pending{{{chosen}}})", "{{consumer}}"),
        ),
        _p(
            "How late work is",
            "s",
            (f"max by (work) (dramatis_work_late_seconds{{{chosen}}})", "{{work}}"),
        ),
        _p(
            "Work taken over from dead processes",
            "ops",
            (f"sum by (work) (rate(dramatis_leases_taken_over_total{{{chosen}}}[5m]))", "{{work}}"),
        ),
        _p(
            "Database: connections in use, and waiting for one (95 of 100)",
            "short",
            (f"sum by (service) (dramatis_database_connections_in_use{{{chosen}}})", "{{service}}"),
            (
                _quantile(0.95, "dramatis_database_connection_wait_seconds", chosen),
                "{{service}} waits, s",
            ),
        ),
        _p(
            "Memory",
            "bytes",
            (
                f"max by (service) (process_resident_memory_bytes{{{chosen}}})",
                "{{service}}",
            ),
        ),
    ]


ROSTER = _p(
    "Personas in memory: since when confirmed",
    "s",
    ('max by (service) (dramatis_roster_age_seconds{service=~".+"})', "{{service}}"),
)
DRAFTS = _p(
    "Drafts",
    "ops",
    ("sum by (status) (rate(dramatis_drafts_total[5m]))", "{{status}}"),
)
DRAFT_SECONDS = _p(
    "From a reply to its draft, 50 and 99 of 100",
    "s",
    (
        _quantile(0.5, "dramatis_draft_ready_seconds", 'service=~".+"'),
        "50 of 100",
    ),
    (
        _quantile(0.99, "dramatis_draft_ready_seconds", 'service=~".+"'),
        "99 of 100",
    ),
)
COST = _p(
    "What models cost an hour",
    "currencyUSD",
    (
        "sum by (workspace, model) (rate(dramatis_model_cost_microusd_total[1h])) * 3600 / 1e6",
        "{{workspace}} {{model}}",
    ),
)
TOKENS = _p(
    "Tokens",
    "ops",
    (
        "sum by (model, direction) (rate(dramatis_model_tokens_total[5m]))",
        "{{model}} {{direction}}",
    ),
)
FILES = _p("Files", "ops", ("sum by (outcome) (rate(dramatis_files_total[5m]))", "{{outcome}}"))
FILE_SECONDS = _p(
    "Time to read a file, 95 of 100",
    "s",
    (
        _quantile(0.95, "dramatis_file_ready_seconds", 'service=~".+"'),
        "95 of 100",
    ),
)
FILE_STEPS = _p(
    "Steps of reading", "ops", ("sum by (step) (rate(dramatis_file_steps_total[5m]))", "{{step}}")
)
VECTORS = _p(
    "Passages without their vector", "short", ("max(dramatis_vectors_pending)", "passages")
)
OUTBOX = _p(
    "Relay: messages that wait, oldest",
    "s",
    (
        "max by (service, stream) (dramatis_outbox_oldest_seconds)",
        "{{service}} {{stream}}",
    ),
)

OWN: Mapping[str, Sequence[Panel]] = {
    "draft-svc": (DRAFTS, DRAFT_SECONDS, COST, TOKENS),
    "ingest-svc": (FILES, FILE_SECONDS, FILE_STEPS, VECTORS),
}
"""What a service has beside the others."""


def _of_service(name: str) -> list[Panel]:
    """Return what a service has as the others do; the gateway sends no events."""
    panels = _every_service(f'service="{name}"')
    return [panel for panel in panels if name != GATEWAY or panel.title != EVENTS_OUT]


BOARDS: Sequence[Board] = (
    Board(
        "overview",
        "Dramatis: overview",
        (DRAFTS, DRAFT_SECONDS, FILES, ROSTER, OUTBOX, *_every_service('service=~".+"')),
    ),
    *(
        Board(
            service.name,
            f"Dramatis: {service.name}",
            (*OWN.get(service.name, ()), *_of_service(service.name)),
        )
        for service in SERVICES
    ),
)


def as_json(board: Board) -> str:
    """Return a dashboard as Grafana imports it; it asks for the Prometheus to use."""
    built = (
        dashboard.Dashboard(board.title)
        .uid(f"dramatis-{board.name}")
        .tags(["dramatis"])
        .refresh("30s")
        .time("now-1h", "now")
        .with_variable(
            dashboard.DatasourceVariable("datasource").label("Prometheus").type("prometheus")
        )
    )
    for panel in board.panels:
        built = built.with_panel(_chart(panel))
    return JSONEncoder(sort_keys=True, indent=1).encode(built.build()) + "\n"


def _chart(panel: Panel) -> timeseries.Panel:
    chart = timeseries.Panel().title(panel.title).unit(panel.unit).datasource(SOURCE)
    chart = chart.span(WIDTH).height(HEIGHT)
    for ref, (query, legend) in zip("ABCD", panel.queries, strict=False):
        target = prometheus.Dataquery().expr(query).legend_format(legend).ref_id(ref)
        chart = chart.with_target(target.datasource(SOURCE))
    return chart
