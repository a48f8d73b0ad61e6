"""What a migration does to rows that are there already."""

from importlib import import_module
from uuid import uuid4

import psycopg
from service_kit.migrations import upgrade


def test_bodies_that_nobody_edited_are_what_the_model_wrote(old_database):
    made = old_database("draft_svc", "0001")
    with psycopg.connect(made.admin_url, autocommit=True) as admin:
        for message_id, status, distance in (
            ("open", "ready", None),
            ("kept", "approved", 0),
            ("edited", "approved", 7),
        ):
            admin.execute(
                "insert into draft (draft_id, workspace_id, message_id, lead_id, channel,"
                " received_at, reply, status, body, text, edit_distance)"
                " values (%s, 'w', %s, 'l', 'email', now(), '{}', %s, 'Hi', 'Hi', %s)",
                [uuid4(), message_id, status, distance],
            )
    upgrade(import_module("draft_svc"), made.owner_url)
    with psycopg.connect(made.admin_url) as admin:
        found = admin.execute("select message_id, generated_body from draft").fetchall()
    assert dict(found) == {"open": "Hi", "kept": "Hi", "edited": None}


def test_replies_of_the_future_count_from_when_they_were_stored(old_database):
    made = old_database("draft_svc", "0004")
    with psycopg.connect(made.admin_url, autocommit=True) as admin:
        for message_id, shift in (("ahead", "180 days"), ("behind", "-1 hour")):
            admin.execute(
                "insert into draft (draft_id, workspace_id, message_id, lead_id, channel,"
                " received_at, reply, status) values (%s, 'w', %s, 'l', 'email',"
                " now() + %s::interval, '{}', 'queued')",
                [uuid4(), message_id, shift],
            )
    upgrade(import_module("draft_svc"), made.owner_url)
    with psycopg.connect(made.admin_url) as admin:
        query = "select message_id, received_at = created_at from draft"
        assert dict(admin.execute(query).fetchall()) == {"ahead": True, "behind": False}
