"""What a migration does to rows that are there already."""

import json
from importlib import import_module
from uuid import uuid4

import psycopg
import pytest
from followup_svc.domain.template import lint
from service_kit.migrations import upgrade

REWRITTEN = {
    "Hi {{first_name}}, one more thing.": "Hi {firstName}, one more thing.",
    "Hi {{ First_Name }},": "Hi {firstName},",
    'Hi {{ first_name | default: "there" }},': "Hi {firstName|there},",
    "Hi {{first_name | default('you')}},": "Hi {firstName|you},",
    "Hi {{fname|there}} of {{company_name}}": "Hi {firstName|there} of {company}",
    "Hello {{ company | default: 'Acme' }} team": "Hello {company|Acme} team",
    "Hi *|FNAME|* and %LAST_NAME%": "Hi {firstName} and {lastName}",
    'Say "yes", {firstName|there}\n{signature}': 'Say "yes", {firstName|there}\n{signature}',
    "20% of {{deal_size}} \\o/": "20% of {{deal_size}} \\o/",
}


@pytest.fixture
def sequences(old_database):
    """Return the sequences that an older release stored with these templates, migrated."""
    made = old_database("followup_svc", "0004")
    with psycopg.connect(made.admin_url, autocommit=True) as admin:
        for place, body in enumerate(REWRITTEN):
            definition = json.dumps({"name": "s", "steps": [{"subject": body, "body": body}]})
            row = [uuid4(), f"w{place}", definition]
            admin.execute(
                "insert into sequence (sequence_id, workspace_id, name, version, definition)"
                " values (%s, %s, 's', 1, %s)",
                row,
            )
            admin.execute(
                "insert into sequence_version (sequence_id, workspace_id, version, definition,"
                " changed_by) values (%s, %s, 1, %s, 'anna')",
                row,
            )
    upgrade(import_module("followup_svc"), made.owner_url)
    return made


STORED = {
    "sequence": "select definition from sequence order by workspace_id",
    "sequence_version": "select definition from sequence_version order by workspace_id",
}


@pytest.mark.parametrize("query", STORED.values(), ids=STORED)
def test_merge_fields_that_mean_a_token_become_it(sequences, query):
    with psycopg.connect(sequences.admin_url) as admin:
        found = admin.execute(query).fetchall()
    steps = [definition["steps"][0] for (definition,) in found]
    assert [step["body"] for step in steps] == list(REWRITTEN.values())
    assert [step["subject"] for step in steps] == list(REWRITTEN.values())


def test_what_becomes_a_token_can_be_saved_again():
    assert [body for body in REWRITTEN.values() if lint(body)] == ["20% of {{deal_size}} \\o/"]


def test_the_addresses_of_suppressed_leads_are_suppressed(old_database):
    made = old_database("followup_svc", "0005")
    with psycopg.connect(made.admin_url, autocommit=True) as admin:
        for lead_id, profile in (("a", {"email": " Lea@Lead.example"}), ("b", {}), ("c", None)):
            if profile is not None:
                admin.execute(
                    "insert into lead (workspace_id, lead_id, profile) values ('w', %s, %s)",
                    [lead_id, json.dumps(profile)],
                )
            admin.execute(
                "insert into suppression (suppression_id, workspace_id, lead_id, reason,"
                " created_by) values (%s, 'w', %s, 'asked', 'anna')",
                [uuid4(), lead_id],
            )
    upgrade(import_module("followup_svc"), made.owner_url)
    with psycopg.connect(made.admin_url) as admin:
        found = admin.execute("select lead_id, addresses from suppression").fetchall()
    assert dict(found) == {"a": ["lea@lead.example"], "b": [], "c": []}


def test_the_campaigns_of_leads_are_as_old_as_their_profiles(old_database):
    made = old_database("followup_svc", "0001")
    with psycopg.connect(made.admin_url, autocommit=True) as admin:
        for lead_id, campaign in (("a", "spring"), ("b", None)):
            admin.execute(
                "insert into lead (workspace_id, lead_id, campaign_id, profile, profile_at)"
                " values ('w', %s, %s, '{}', '2026-01-02T03:04:05Z')",
                [lead_id, campaign],
            )
    upgrade(import_module("followup_svc"), made.owner_url)
    with psycopg.connect(made.admin_url) as admin:
        found = admin.execute(
            "select lead_id, campaign_at = profile_at from lead order by lead_id"
        ).fetchall()
    assert found == [("a", True), ("b", None)]
