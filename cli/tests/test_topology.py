import json
from dataclasses import replace

import psycopg
import pytest
from dramatis.services import SERVICES
from service_kit.topology import STREAMS


@pytest.fixture
def server(fresh_postgres, monkeypatch):
    """Return a Postgres of this test alone: roles belong to the whole server."""
    monkeypatch.setenv("DRAMATIS_ADMIN_DATABASE_URL", fresh_postgres.admin_url)
    return fresh_postgres


@pytest.mark.usefixtures("server")
def test_streams_databases_and_roles_are_made_and_made_again(run, fresh_nats):
    for done in ("created", "updated"):
        result = run("topology", "apply", "--nats", fresh_nats.url, "--json")
        assert result.code == 0, result.err
        report = json.loads(result.out)
        assert {name: report[f"stream {name}"] for name in STREAMS} == dict.fromkeys(STREAMS, done)
        assert all(report[f"database {spec.name}"] == "ready" for spec in SERVICES)


@pytest.mark.usefixtures("server")
def test_databases_alone_need_no_broker(run):
    result = run("topology", "apply", "--databases", "--json")
    assert result.code == 0, result.err
    assert json.loads(result.out) == {f"database {spec.name}": "ready" for spec in SERVICES}


def test_the_broker_may_stand_in_a_file(run, fresh_nats, monkeypatch, tmp_path):
    (tmp_path / "dramatis_nats_url").write_text(f"{fresh_nats.url}\n")
    monkeypatch.setenv("DRAMATIS_SECRETS_DIR", str(tmp_path))
    result = run("topology", "apply", "--streams", "--json")
    assert json.loads(result.out) == {f"stream {name}": "created" for name in STREAMS}


def test_passwords_come_from_files_and_are_never_printed(
    run, fresh_nats, server, monkeypatch, tmp_path
):
    (tmp_path / "dramatis_draft_password").write_text("s3cret-draft\n")
    monkeypatch.setenv("DRAMATIS_SECRETS_DIR", str(tmp_path))
    result = run("topology", "apply", "--nats", fresh_nats.url)
    assert result.code == 0, result.err
    assert "s3cret" not in result.out + result.err
    by_tcp = f"postgresql://draft:s3cret-draft@127.0.0.1:{server.port}/draft"
    with psycopg.connect(by_tcp) as connection:
        assert connection.execute("select current_user").fetchone() == ("draft",)


def test_a_database_that_is_away_is_an_error(run, fresh_nats, monkeypatch):
    monkeypatch.setenv("DRAMATIS_ADMIN_DATABASE_URL", "postgresql://me:s3cret@127.0.0.1:1/postgres")
    result = run("topology", "apply", "--nats", fresh_nats.url)
    assert result.code == 1
    assert "was not prepared" in result.err
    assert "s3cret" not in result.err


@pytest.mark.usefixtures("server")
def test_more_replicas_than_servers_are_refused_in_the_brokers_words(run, fresh_nats):
    result = run("topology", "apply", "--nats", fresh_nats.url, "--replicas", 3)
    assert result.code == 1
    assert "replicas" in result.err


def test_revisions_of_another_database_are_left_alone(run, database, monkeypatch):
    monkeypatch.setenv("DRAMATIS_MIGRATION_DATABASE_URL", database("draft_svc").owner_url)
    result = run("topology", "bump-revisions")
    assert result.code == 1
    assert "The database refused" in result.err


def test_streams_alone_need_no_database(run, fresh_nats, monkeypatch):
    monkeypatch.delenv("DRAMATIS_ADMIN_DATABASE_URL", raising=False)
    result = run("topology", "apply", "--streams", "--nats", fresh_nats.url, "--json")
    assert result.code == 0, result.err
    assert json.loads(result.out) == {f"stream {name}": "created" for name in STREAMS}


def test_without_the_database_url_nothing_is_changed(run, fresh_nats, monkeypatch):
    monkeypatch.delenv("DRAMATIS_ADMIN_DATABASE_URL", raising=False)
    assert run("topology", "apply", "--nats", fresh_nats.url).code == 1
    result = run("topology", "diff", "--nats", fresh_nats.url, "--json")
    items = json.loads(result.out)["items"]
    assert {item["stream"]: item["found"] for item in items} == dict.fromkeys(STREAMS, "missing")


def test_diff_names_what_somebody_else_has_changed_and_apply_changes_it_back(run, streams, broker):
    result = run("topology", "diff", "--nats", streams)
    assert (result.code, result.out.strip()) == (0, "Every stream is as declared.")

    async def change(connection):
        config = replace(STREAMS["PERSONA"], allow_atomic=False, max_age=3_600)
        await connection.jetstream().update_stream(config)

    broker(change)
    result = run("topology", "diff", "--nats", streams, "--json")
    assert result.code == 3
    assert json.loads(result.out)["items"] == [
        {"stream": "PERSONA", "field": "max_age", "declared": 2_592_000, "found": 3_600},
        {"stream": "PERSONA", "field": "allow_atomic", "declared": True, "found": False},
    ]
    table = run("topology", "diff", "--nats", streams)
    assert table.code == 3
    assert "PERSONA" in table.out
    assert "allow_atomic" in table.out
    run("topology", "apply", "--streams", "--nats", streams)
    assert run("topology", "diff", "--nats", streams).code == 0
