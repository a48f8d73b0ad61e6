"""What the migrations make of the rows that older code has stored."""

import json
from importlib import import_module
from uuid import uuid4

import psycopg
import pytest
from persona_client import Roster
from service_devkit.testing.api import running, service_env
from service_kit.migrations import upgrade

CHANNELS = ("any", "email", "sms", "linkedin")
ANNA, BEN = str(uuid4()), str(uuid4())
PERSONA = """
insert into persona (persona_id, workspace_id, name_key, fields, version, revision, created_by,
  created_at, updated_at)
values (%(id)s, 'acme', %(name)s, %(fields)s, 1, 1, 'anna', now(), now())
"""
CAMPAIGN = """
insert into campaign (workspace_id, campaign_id, name, channel, status, updated_at)
values ('acme', %(id)s, 'Campaign', 'email', 'active', now())
"""
DOCUMENT = """
insert into state_document (subject, workspace_id, kind, revision, body)
values (%(subject)s, 'acme', %(kind)s, 4, %(body)s)
"""


def assigned(connection, campaign_id, **personas):
    """Store a campaign and its assignments as the first release did."""
    connection.execute(CAMPAIGN, {"id": campaign_id})
    for channel, persona_id in personas.items():
        row = ("acme", campaign_id, channel, persona_id)
        connection.execute("insert into assignment values (%s, %s, %s, %s)", row)
    body = {"campaign_id": campaign_id, "name": campaign_id, "assignments": personas, "revision": 4}
    document(connection, "campaign", campaign_id, body)


def document(connection, kind, entity_id, body):
    subject = f"persona-state.v1.acme.{kind}.{entity_id}"
    values = {"subject": subject, "kind": kind, "body": json.dumps(body)}
    connection.execute(DOCUMENT, values)


@pytest.fixture
def migrated(old_database):
    """Return a database with assignments of the first release, migrated to the newest schema."""
    database = old_database("persona_svc", "0001")
    with psycopg.connect(database.admin_url) as connection:
        connection.execute("insert into workspace (workspace_id, revision) values ('acme', 4)")
        for persona_id, name in ((ANNA, "anna"), (BEN, "ben")):
            fields = json.dumps({"name": name})
            connection.execute(PERSONA, {"id": persona_id, "name": name, "fields": fields})
            prompts = {"system": "", "rag": "", "user": ""}
            persona = {"persona_id": persona_id, "name": name, "version": 1, "revision": 4}
            persona |= {"prompts": prompts, "updated_at": "2026-01-01T00:00:00Z"}
            document(connection, "persona", persona_id, persona)
        assigned(connection, "email-alone", email=ANNA)
        assigned(connection, "email-and-sms", email=ANNA, sms=BEN)
        assigned(connection, "sms-alone", sms=BEN)
        connection.execute(CAMPAIGN, {"id": "unassigned"})
    upgrade(import_module("persona_svc"), database.owner_url)
    return database


@pytest.mark.processes
async def test_a_lone_email_assignment_becomes_the_campaigns_general_one(
    migrated, nats_url, tmp_path
):
    env = service_env(tmp_path, database_url=migrated.login_url, nats_url=nats_url)
    with running("persona_svc", tmp_path, env) as api:
        async with Roster(nats_url, ["acme"]) as roster:
            await roster.wait_for("acme", 5, 120)
            for channel in CHANNELS[1:]:
                spoken = roster.resolve("acme", campaign_id="email-alone", channel=channel)
                assert str(spoken.persona_id) == ANNA
                assert spoken.tier == "campaign"
            other = roster.resolve("acme", campaign_id="email-and-sms", channel="linkedin")
            assert other.tier == "none"
            assert roster.revision("acme") == 5
        async with api.client("acme") as admin:
            shown = (await admin.get("/api/campaigns")).json()["items"]
    assert {item["campaign_id"]: item["assignments"] for item in shown} == {
        "email-alone": dict.fromkeys(CHANNELS, ANNA),
        "email-and-sms": {"email": ANNA, "sms": BEN},
        "sms-alone": {"sms": BEN},
        "unassigned": {},
    }


def test_what_moved_has_a_higher_revision_and_the_rest_stays(migrated):
    with psycopg.connect(migrated.admin_url) as connection:
        rows = connection.execute(
            "select body->>'campaign_id', body->>'revision', revision from state_document"
            " where kind = 'campaign' order by subject"
        ).fetchall()
        assert rows == [
            ("email-alone", "5", 5),
            ("email-and-sms", "4", 4),
            ("sms-alone", "4", 4),
        ]
        counter = connection.execute("select revision from workspace").fetchone()
        assert counter == (5,)
