"""Dashboards and alerts: each query finds something, each alert fires, is silent, and helps."""

import json
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
import yaml
from dramatis.__main__ import main
from dramatis.demo_story import play
from dramatis.services import SERVICES
from dramatis.stack import Stack
from service_devkit.embedded import free_port

ROOT = Path(__file__).parents[2]
MONITORING = ROOT / "deploy/k8s/components/monitoring"
RULES = yaml.safe_load((MONITORING / "alerts.yaml").read_text())["spec"]
ALERTS = {rule["alert"]: rule for group in RULES["groups"] for rule in group["rules"]}
BOARDS = sorted((MONITORING / "dashboards").glob("*.json"))
RUNBOOKS = ROOT / "docs/runbooks.md"
SERVICE = '{service="draft-svc"}'
PROMTOOL, PROMETHEUS = shutil.which("promtool"), shutil.which("prometheus")
needs_promtool = pytest.mark.skipif(PROMTOOL is None, reason="no promtool here")
needs_prometheus = pytest.mark.skipif(PROMETHEUS is None, reason="no prometheus here")
FIRES = {
    "DramatisDown": {f"up{SERVICE}": "0x60"},
    "DramatisRequestsFail": {
        'http_requests_total{service="draft-svc",status="500"}': "0+6x60",
        'http_requests_total{service="draft-svc",status="200"}': "0+60x60",
    },
    "DramatisPublishingLate": {f"dramatis_outbox_oldest_seconds{SERVICE}": "6x60"},
    "DramatisConsumerLate": {f"dramatis_consumer_lag_seconds{SERVICE}": "61x60"},
    "DramatisConsumerStalled": {f"dramatis_consumer_unacknowledged_seconds{SERVICE}": "61x60"},
    "DramatisEventsParked": {
        'dramatis_events_total{consumer="c",outcome="parked"}': "0x50 1 1 1 1 1 1 1 1 1 1"
    },
    "DramatisWorkLate": {'dramatis_work_late_seconds{service="draft-svc",work="draft"}': "121x60"},
    "DramatisProcessesDie": {f"dramatis_leases_taken_over_total{SERVICE}": "0+1x60"},
    "DramatisPersonasStale": {f"dramatis_roster_age_seconds{SERVICE}": "61x60"},
    "DramatisBrokerRefuses": {f"dramatis_broker_permissions_refused_total{SERVICE}": "0+1x60"},
    "DramatisDraftsFail": {
        'dramatis_drafts_total{status="failed"}': "0+3x60",
        'dramatis_drafts_total{status="ready"}': "0+10x60",
    },
    "DramatisFilesFail": {
        'dramatis_files_total{outcome="failed"}': "0+2x60",
        'dramatis_files_total{outcome="ready"}': "0+1x60",
    },
    "DramatisDatabaseBusy": {
        'dramatis_database_connection_wait_seconds_bucket{service="d",le="0.5"}': "0+1x60",
        'dramatis_database_connection_wait_seconds_bucket{service="d",le="2"}': "0+9x60",
        'dramatis_database_connection_wait_seconds_bucket{service="d",le="+Inf"}': "0+9x60",
    },
}
"""Of each alert what makes it fire within an hour, one sample a minute."""
IS_SILENT = {
    "DramatisDown": {f"up{SERVICE}": "1x30 0 1x29"},
    "DramatisRequestsFail": {
        'http_requests_total{service="draft-svc",status="500"}': "0+1x60",
        'http_requests_total{service="draft-svc",status="200"}': "0+60x60",
    },
    "DramatisPublishingLate": {f"dramatis_outbox_oldest_seconds{SERVICE}": "4x60"},
    "DramatisConsumerLate": {f"dramatis_consumer_lag_seconds{SERVICE}": "59x60"},
    "DramatisConsumerStalled": {f"dramatis_consumer_unacknowledged_seconds{SERVICE}": "59x60"},
    "DramatisEventsParked": {'dramatis_events_total{consumer="c",outcome="parked"}': "3x60"},
    "DramatisWorkLate": {'dramatis_work_late_seconds{service="draft-svc",work="draft"}': "119x60"},
    "DramatisProcessesDie": {f"dramatis_leases_taken_over_total{SERVICE}": "0x40 1x20"},
    "DramatisPersonasStale": {f"dramatis_roster_age_seconds{SERVICE}": "5x60"},
    "DramatisBrokerRefuses": {f"dramatis_broker_permissions_refused_total{SERVICE}": "7x60"},
    "DramatisDraftsFail": {
        'dramatis_drafts_total{status="failed"}': "0+1x60",
        'dramatis_drafts_total{status="ready"}': "0+10x60",
    },
    "DramatisFilesFail": {
        'dramatis_files_total{outcome="failed"}': "0+1x60",
        'dramatis_files_total{outcome="ready"}': "0+2x60",
    },
    "DramatisDatabaseBusy": {
        'dramatis_database_connection_wait_seconds_bucket{service="d",le="0.5"}': "0+9x60",
        'dramatis_database_connection_wait_seconds_bucket{service="d",le="+Inf"}': "0+9x60",
    },
}


def firing(alert):
    return f'ALERTS{{alertname="{alert}",alertstate="firing"}}'


def left_side(expression):
    """Return what an alert compares with its threshold."""
    return re.sub(r"\s*(?:>|==)\s*[\d.]+\s*\Z", "", expression.strip())


def queries():
    for board in BOARDS:
        for panel in json.loads(board.read_text())["panels"]:
            for target in panel["targets"]:
                yield f"{board.stem}: {panel['title']}", target["expr"]
    for name, rule in ALERTS.items():
        yield name, left_side(rule["expr"])


def test_each_alert_has_what_fires_it_what_does_not_and_a_runbook():
    assert FIRES.keys() == IS_SILENT.keys() == ALERTS.keys()
    headings = re.findall(r"^## (\w+)$", RUNBOOKS.read_text(), re.MULTILINE)
    assert headings == list(ALERTS)
    for name, rule in ALERTS.items():
        assert rule["annotations"]["runbook"] == name.lower()


def test_each_service_has_a_dashboard_and_grafana_gets_all_of_them():
    component = yaml.safe_load((MONITORING / "kustomization.yaml").read_text())
    (dashboards,) = component["configMapGenerator"]
    assert {board.stem for board in BOARDS} == {"overview", *(f"{s.name}-svc" for s in SERVICES)}
    assert {Path(name) for name in dashboards["files"]} == {
        board.relative_to(MONITORING) for board in BOARDS
    }


@needs_promtool
def test_each_alert_fires_and_is_silent_when_healthy(tmp_path):
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump(RULES))
    tests = [
        {
            "interval": "1m",
            "input_series": [{"series": name, "values": values} for name, values in given.items()],
            "promql_expr_test": [
                {
                    "expr": f"count({firing(alert)}) or vector(0)",
                    "eval_time": "58m",
                    "exp_samples": [{"labels": "{}", "value": expected}],
                }
            ],
        }
        for expected, cases in ((1, FIRES), (0, IS_SILENT))
        for alert, given in cases.items()
    ]
    (tmp_path / "tests.yaml").write_text(
        json.dumps({"rule_files": ["rules.yaml"], "evaluation_interval": "1m", "tests": tests})
    )
    done = subprocess.run(
        [PROMTOOL, "test", "rules", "tests.yaml"],
        check=False,
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def stack():
    """Return a stack through which the demo's journey has gone."""
    with Stack(ephemeral=True, fake_elevenlabs=True) as running:
        play(running, as_json=True)
        yield running


@pytest.fixture(scope="module")
def prometheus(stack, tmp_path_factory):
    """Return the address of a Prometheus that scrapes the stack."""
    folder, port = tmp_path_factory.mktemp("prometheus"), free_port()
    targets = [
        {
            "targets": [stack.url(spec.name).removeprefix("http://")],
            "labels": {"service": f"{spec.name}-svc"},
        }
        for spec in SERVICES
    ]
    scrape = {"job_name": "dramatis", "scrape_interval": "1s", "static_configs": targets}
    (folder / "prometheus.yml").write_text(json.dumps({"scrape_configs": [scrape]}))
    process = subprocess.Popen(
        [
            PROMETHEUS,
            f"--config.file={folder}/prometheus.yml",
            f"--storage.tsdb.path={folder}/data",
            f"--web.listen-address=127.0.0.1:{port}",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.wait(60)


def asked(prometheus, query):
    """Return the samples of an instant query; none while the server starts."""
    try:
        answer = httpx.get(f"{prometheus}/api/v1/query", params={"query": query}, timeout=30)
    except httpx.TransportError:
        return []
    if answer.status_code == 503:
        return []
    told = answer.json()
    assert told["status"] == "success", told
    return told["data"]["result"]


@needs_prometheus
@pytest.mark.processes
@pytest.mark.long
@pytest.mark.timeout(600)
def test_every_query_finds_something_after_the_demos_journey(prometheus):
    deadline, empty = time.monotonic() + 120, dict(queries())
    while empty and time.monotonic() < deadline:
        empty = {name: query for name, query in empty.items() if not asked(prometheus, query)}
        time.sleep(0.5)
    assert empty == {}


@pytest.mark.processes
@pytest.mark.long
@pytest.mark.timeout(600)
def test_the_commands_of_the_runbooks_work(stack, monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DRAMATIS_NATS_URL", stack.nats_url)
    blocks = re.findall(r"^```\n(.*?)^```$", RUNBOOKS.read_text(), re.DOTALL | re.MULTILINE)
    commands = [line for block in blocks for line in block.splitlines()]
    assert len(commands) >= 5
    for command in commands:
        monkeypatch.setattr(sys, "argv", command.split())
        assert exit_code() == 0, (command, capsys.readouterr().err)


def exit_code():
    """Run `dramatis` with the arguments that are set."""
    try:
        main()
    except SystemExit as end:
        return end.code or 0
    return 0
