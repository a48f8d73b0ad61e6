"""Sequences over HTTP: saving, versions, previews, templates, settings."""

from uuid import uuid4

import pytest
from following import ANNA, LATER, persona, sequence, step

pytestmark = pytest.mark.processes


async def test_an_empty_workspace_has_empty_lists_and_default_settings(api):
    async with api.client("nobody-yet") as client:
        for path in ("sequences", "instances", "suppressions", "instances/pause-reasons"):
            answer = await client.get(f"/api/{path}")
            assert answer.json()["items"] == []
        settings = (await client.get("/api/followup-settings")).json()
    assert settings == {
        "time_zone": "UTC",
        "send_window": {
            "days": ["monday", "tuesday", "wednesday", "thursday", "friday"],
            "from": "09:00",
            "to": "17:00",
        },
        "booking_link": None,
        "answer_timeout": "PT15M",
        "holidays": {"dates": [], "region": None},
        "postpone_on_auto_reply": True,
        "version": 0,
    }


async def test_a_sequence_is_saved_changed_copied_and_deleted(campaigner):
    made = await campaigner.create(step(), step(delay=LATER, subject="Hello"), name="First")
    path = f"sequences/{made['sequence_id']}"
    assert await campaigner.asked("GET", path) == {
        key: value for key, value in made.items() if key != "warnings"
    }
    changed = sequence(step("Other."), name="Second")
    saved = await campaigner.asked("PUT", path, json=changed, headers={"If-Match": '"1"'})
    assert (saved["version"], saved["name"]) == (2, "Second")
    outdated = await campaigner.asked("PUT", path, 412, json=changed, headers={"If-Match": '"1"'})
    assert outdated["current"]["version"] == 2
    assert (await campaigner.asked("PUT", path, json=changed))["version"] == 2
    versions = (await campaigner.asked("GET", f"{path}/versions"))["items"]
    assert [(one["version"], one["name"]) for one in versions] == [(2, "Second"), (1, "First")]
    first = await campaigner.asked("GET", f"{path}/versions/1")
    assert first["steps"] == made["steps"]
    copy = await campaigner.asked("POST", f"{path}/clone", json={})
    assert (copy["name"], copy["version"]) == ("Copy of Second", 1)
    await campaigner.asked("DELETE", path, 204)
    await campaigner.asked("GET", path, 404)
    assert (await campaigner.asked("GET", f"{path}/versions/1"))["version"] == 1
    names = [one["name"] for one in (await campaigner.asked("GET", "sequences"))["items"]]
    assert names == ["Copy of Second"]


async def test_a_name_is_taken_once_in_upper_or_lower_case(campaigner):
    await campaigner.create(name="After a demo")
    taken = await campaigner.asked("POST", "sequences", 409, json=sequence(name="AFTER A DEMO"))
    assert taken["type"].endswith("sequence-name-taken")


async def test_a_sequence_with_leads_on_their_way_is_not_deleted_by_accident(campaigner):
    await campaigner.default(persona())
    made = await campaigner.create(step(delay=LATER))
    (instance,) = await campaigner.start(made, "lead-1")
    path = f"sequences/{made['sequence_id']}"
    refused = await campaigner.asked("DELETE", path, 409)
    assert refused["live_instances"] == 1
    await campaigner.asked("DELETE", path, 204, params={"stop_instances": True})
    stopped = await campaigner.instance(instance)
    assert (stopped["state"], stopped["reason"]) == ("stopped", "sequence-deleted")
    await campaigner.published("followup.stopped")


@pytest.mark.parametrize(
    ("body", "field", "message"),
    [
        ("Hi {firstname}", "steps.0.body", "{firstName}"),
        ("Hi {firstName", "steps.0.body", "position 3"),
        ("Hi {{signature}}", "steps.0.body", "{signature}"),
    ],
)
async def test_a_template_that_nothing_can_fill_is_refused(campaigner, body, field, message):
    refused = await campaigner.asked("POST", "sequences", 422, json=sequence(step(body)))
    assert refused["type"].endswith("template-invalid")
    (error,) = refused["errors"]
    assert error["field"] == field
    assert message in error["message"]
    (placed,) = refused["template_errors"]
    assert placed["field"] == field
    assert f"at position {placed['position']}" in error["message"]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"steps": []}, "steps"),
        ({"name": "  "}, "name"),
        ({"name": "\u3164\ufe0f"}, "name"),
        ({"name": "Demo \u202efdp.exe"}, "name"),
        ({"send_window": {"days": [], "from": "09:00", "to": "17:00"}}, "send_window"),
        ({"send_window": {"days": ["monday"], "from": "17:00", "to": "17:00"}}, "send_window"),
        ({"trigger": {"event": "lead.replied", "outcomes": ["positive"]}}, "trigger"),
        ({"trigger": {"event": "lead.outcome", "outcomes": ["rich"]}}, "trigger.events.outcomes.0"),
        ({"trigger": "sometimes"}, "trigger.hand"),
        (
            {"send_window": {"days": ["monday"], "from": "9", "to": "17:00"}},
            "send_window.hours.from",
        ),
        ({"colour": "blue"}, "colour"),
    ],
)
async def test_what_is_wrong_is_named(campaigner, values, field):
    refused = await campaigner.asked("POST", "sequences", 422, json=sequence(**values))
    assert len(refused["errors"]) == 1
    assert refused["errors"][0]["field"].startswith(field)


async def test_a_preview_shows_what_when_and_whose(campaigner):
    await campaigner.default(persona())
    made = await campaigner.create(
        step("Hi {firstName}.", subject="For {company}"),
        step("{lead.plan} {signature}", delay={"amount": 2, "unit": "days"}),
    )
    lead = {"first_name": "Bo", "company": "Acme", "time_zone": "Europe/Berlin"}
    path = f"sequences/{made['sequence_id']}/preview"
    shown = await campaigner.asked("POST", path, json={"lead": lead})
    first, second = shown["steps"]
    assert first["ok"]
    assert first["text"] == f"Hi Bo.\n\n{ANNA}"
    assert first["subject"] == "For Acme"
    assert first["resolution"]["tier"] == "default"
    assert not second["ok"]
    assert second["text"] is None
    assert [error["token"] for error in second["template_errors"]] == ["{lead.plan}"]
    assert second["due_at"] > first["due_at"]
    assert (await campaigner.asked("GET", "instances"))["items"] == []


async def test_a_template_is_checked_against_the_workspace_of_today(campaigner):
    await campaigner.default(persona(signature=None))
    lint = "templates/lint"
    good = await campaigner.asked("POST", lint, json={"template": "Hi {firstName}"})
    assert good == {"ok": True, "template_errors": [], "warnings": []}
    template = "{bookingLink} {signature} {qualificationQuestion1}"
    warned = await campaigner.asked("POST", lint, json={"template": template})
    assert warned["ok"]
    assert [item["token"] for item in warned["warnings"]] == template.split()
    bad = await campaigner.asked("POST", lint, json={"template": "{nope}"})
    assert not bad["ok"]
    assert bad["template_errors"][0]["type"] == "unknown_token"


async def test_every_token_is_listed_with_its_source_and_mend(campaigner):
    tokens = (await campaigner.asked("GET", "tokens"))["items"]
    assert {"token", "source", "description", "hint"} == tokens[0].keys()
    assert {"{signature}", "{lead.<attribute>}", "{qualificationQuestion1}"} <= {
        token["token"] for token in tokens
    }


async def test_settings_are_checked_and_kept(campaigner):
    for wrong in (
        {"time_zone": "Mars/Phobos"},
        {"answer_timeout": "PT0S"},
        {"booking_link": "javascript:alert(1)"},
        {"holidays": {"region": "DE-XX"}},
        {"send_window": {"days": ["monday"], "from": "10:00", "to": "10:00"}},
    ):
        refused = await campaigner.asked("PUT", "followup-settings", 422, json=wrong)
        assert refused["errors"][0]["field"].startswith(next(iter(wrong)))
    values = {
        "time_zone": "Asia/Kolkata",
        "send_window": {"days": ["sunday"], "from": "22:00", "to": "06:00"},
        "holidays": {"dates": ["2026-12-24"], "region": "DE-BY"},
        "booking_link": "https://book.example/us",
        "answer_timeout": "PT1H",
    }
    saved = await campaigner.asked("PUT", "followup-settings", json=values)
    assert {key: saved[key] for key in values} == values
    assert await campaigner.asked("GET", "followup-settings") == saved


async def test_roles_decide_who_may_do_what(api, campaigner):
    await campaigner.default(persona())
    made = await campaigner.create(step(delay=LATER))
    leads = {"leads": [{"lead_id": "lead-1"}]}
    start = f"/api/sequences/{made['sequence_id']}/instances"
    async with api.client(campaigner.workspace_id, "viewer") as viewer:
        assert (await viewer.get("/api/sequences")).status_code == 200
        assert (await viewer.post(start, json=leads)).status_code == 403
        assert (await viewer.post("/api/sequences", json=sequence())).status_code == 403
    async with api.client(campaigner.workspace_id, "editor") as editor:
        assert (await editor.post(start, json=leads)).status_code == 201
        assert (await editor.put("/api/followup-settings", json={})).status_code == 403
        lift = f"/api/suppressions/{uuid4()}?reason=asked"
        assert (await editor.delete(lift)).status_code == 403


async def test_the_same_key_starts_a_lead_once(campaigner):
    await campaigner.default(persona())
    made = await campaigner.create(step(delay=LATER))
    path = f"sequences/{made['sequence_id']}/instances"
    options = {"json": {"leads": [{"lead_id": "l"}]}, "headers": {"Idempotency-Key": "start-1"}}
    first = await campaigner.asked("POST", path, **options)
    assert await campaigner.asked("POST", path, **options) == first


async def test_lists_come_in_pages(campaigner):
    await campaigner.default(persona())
    made = await campaigner.create(step(delay=LATER))
    lead_ids = [f"lead-{number}" for number in range(5)]
    await campaigner.start(made, *lead_ids)
    found, cursor = [], None
    while True:
        asked = {"limit": 2, "state": "active"} | ({"after": cursor} if cursor else {})
        page = await campaigner.asked("GET", "instances", params=asked)
        found += [item["lead_id"] for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert sorted(found) == lead_ids
