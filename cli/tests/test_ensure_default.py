"""`dramatis personas ensure-default --all-workspaces`, on persona-svc's database alone."""

import json

import psycopg


def test_an_operator_gives_every_workspace_a_default_persona(run, database, monkeypatch):
    made = database("persona_svc")
    with psycopg.connect(made.admin_url) as connection:
        for workspace_id in ("one", "two"):
            connection.execute(
                "insert into workspace (workspace_id, settings) values (%s, %s)",
                (workspace_id, json.dumps({"ai_tone": "calm"})),
            )
    monkeypatch.setenv("DRAMATIS_DATABASE_URL", made.login_url)
    everywhere = ["personas", "ensure-default", "--all-workspaces", "--json"]
    first, again = run(*everywhere), run(*everywhere)
    assert (first.code, json.loads(first.out)) == (0, {"made": 2}), first.err
    assert json.loads(again.out) == {"made": 0}
    with psycopg.connect(made.admin_url) as connection:
        tones = connection.execute("select fields->>'tone' from persona").fetchall()
    assert tones == [("calm",), ("calm",)]


def test_without_a_database_it_says_which_variable_to_set(run, monkeypatch):
    monkeypatch.delenv("DRAMATIS_DATABASE_URL", raising=False)
    refused = run("personas", "ensure-default", "--all-workspaces")
    assert refused.code == 1
    assert "DRAMATIS_DATABASE_URL is not set" in refused.err
