import json

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
