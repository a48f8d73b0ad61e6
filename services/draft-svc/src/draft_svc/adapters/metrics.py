"""What becomes of replies, and what it costs, for whoever watches."""

from persona_model.usage import TokenUsage
from prometheus_client import Counter, Histogram
from service_kit.metrics import WorkspaceLabels

drafts_total = Counter("dramatis_drafts_total", "Drafts by what became of them.", ["status"])
ready_seconds = Histogram(
    "dramatis_draft_ready_seconds",
    "From a reply's arrival to its draft.",
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300),
)
tokens_total = Counter(
    "dramatis_model_tokens_total",
    "Tokens that a model was given and gave.",
    ["workspace", "model", "direction"],
)
cost_total = Counter(
    "dramatis_model_cost_microusd_total",
    "What a model has cost, in millionths of a US dollar, by the prices that are set.",
    ["workspace", "model"],
)
_workspaces = WorkspaceLabels()
_ready, _failed = drafts_total.labels("ready"), drafts_total.labels("failed")


def count_ready(workspace_id: str, model: str, usage: TokenUsage, seconds: float) -> None:
    """Count a draft that is ready, and what it took."""
    _ready.inc()
    ready_seconds.observe(max(0.0, seconds))
    workspace = _workspaces.of(workspace_id)
    tokens_total.labels(workspace, model, "in").inc(usage.input_tokens)
    tokens_total.labels(workspace, model, "out").inc(usage.output_tokens)
    cost_total.labels(workspace, model).inc(usage.cost_microusd or 0)


def count_failed() -> None:
    """Count a draft that cannot be written."""
    _failed.inc()
