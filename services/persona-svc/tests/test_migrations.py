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


GREETINGS = {
    "Hi {{first_name}},": "Hi {firstName},",
    'Dear {{ firstName | default: "friend" }}!': "Dear {firstName|friend}!",
    "Hi {{company}} of {last_name|you}": "Hi {company} of {last_name|you}",
    "Hi {first_name},": "Hi {first_name},",
    "Hi {{title}} %FNAME%": "Hi {{title}} {firstName}",
}


def test_merge_fields_in_greetings_become_tokens_and_the_other_texts_stay(old_database):
    database = old_database("persona_svc", "0003")
    with psycopg.connect(database.admin_url, autocommit=True) as connection:
        for place, greeting in enumerate(GREETINGS):
            workspace_id, persona_id = f"w{place}", uuid4()
            texts = {"greeting": greeting, "sms_greeting": greeting, "content": "{{first_name}}"}
            connection.execute(
                "insert into workspace (workspace_id, settings) values (%s, %s)",
                [workspace_id, json.dumps({"ai_greeting": greeting, "ai_sms_greeting": greeting})],
            )
            connection.execute(
                PERSONA.replace("'acme'", f"'{workspace_id}'"),
                {"id": persona_id, "name": "anna", "fields": json.dumps(texts)},
            )
            connection.execute(
                "insert into persona_version (persona_id, workspace_id, version, fields,"
                " changed_by, changes_summary, created_at)"
                " values (%s, %s, 1, %s, 'anna', 'created', now())",
                [persona_id, workspace_id, json.dumps(texts)],
            )
    upgrade(import_module("persona_svc"), database.owner_url)
    with psycopg.connect(database.admin_url) as connection:
        for query in (
            "select fields from persona order by workspace_id",
            "select fields from persona_version order by workspace_id",
        ):
            rows = connection.execute(query)
            assert [
                (fields["greeting"], fields["sms_greeting"], fields["content"])
                for (fields,) in rows
            ] == [(new, new, "{{first_name}}") for new in GREETINGS.values()]
        rows = connection.execute("select settings from workspace order by workspace_id")
        assert [(settings["ai_greeting"], settings["ai_sms_greeting"]) for (settings,) in rows] == [
            (new, new) for new in GREETINGS.values()
        ]


def test_names_that_differ_by_invisible_characters_alone_get_one_key(old_database):
    """Keys of the first release: only format characters were left out of them."""
    database = old_database("persona_svc", "0003")
    keys = {
        "vela": "vela",
        "vela\u1160": "vela\u1160",  # looks like a living one: both stay
        "mira\ufe0f": "mira",
        "cafe\u034f\u0301": "caf\u00e9",
        "ben \U000e0100": "ben",
        "\u034f": "",
        "anna": "anna",
    }
    with psycopg.connect(database.admin_url) as connection:
        connection.execute("insert into workspace (workspace_id, revision) values ('acme', 1)")
        for key in keys:
            values = {"id": str(uuid4()), "name": key, "fields": json.dumps({"name": key})}
            connection.execute(PERSONA, values)
    upgrade(import_module("persona_svc"), database.owner_url)
    with psycopg.connect(database.admin_url) as connection:
        rows = connection.execute("select fields->>'name', name_key from persona").fetchall()
    assert dict(rows) == keys


def test_the_present_prompts_become_version_one_and_are_active(old_database):
    database = old_database("persona_svc", "0006")
    texts = {"content": "Be kind.", "rag_prompt": "Quote."}
    with psycopg.connect(database.admin_url) as connection:
        connection.execute("insert into workspace (workspace_id, revision) values ('acme', 1)")
        fields = json.dumps({"name": "anna", **texts})
        connection.execute(PERSONA, {"id": ANNA, "name": "anna", "fields": fields})
        connection.execute(
            PERSONA, {"id": BEN, "name": "ben", "fields": json.dumps({"name": "ben"})}
        )
    upgrade(import_module("persona_svc"), database.owner_url)
    with psycopg.connect(database.admin_url) as connection:
        rows = connection.execute(
            "select h.persona_id::text, h.layer, h.name, h.latest, v.content, v.version,"
            " v.author_id, a.persona_version"
            " from prompt_head h join prompt_version v on v.version_id = h.active_version_id"
            " join prompt_activation a on a.version_id = v.version_id order by h.layer"
        ).fetchall()
        assert rows == [
            (ANNA, "rag", "main", 1, "Quote.", 1, "anna", 1),
            (ANNA, "system", "main", 1, "Be kind.", 1, "anna", 1),
        ]
        connection.execute("delete from persona where persona_id = %s", [ANNA])
        left = connection.execute(
            "select (select count(*) from prompt_version) + (select count(*) from prompt_head)"
            " + (select count(*) from prompt_activation)"
        )
        assert left.fetchone() == (0,)
