"""Where a lead's clock stands: what names it, and who is told when nothing does."""

import json
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
from following import events
from followup_svc.adapters import followup_settings, instances
from followup_svc.domain.followup_settings import DEFAULTS
from followup_svc.domain.window import SendWindow, Weekday
from followup_svc.usecases.create_sequence import create_sequence
from followup_svc.usecases.preview_sequence import preview_sequence
from followup_svc.usecases.show_instance import show_instance
from followup_svc.usecases.start_instances import LeadToStart, start_instances
from persona_contracts import Lead
from service_devkit.testing.rollback import published
from service_kit.store import database_now

CASES = json.loads(
    (Path(__file__).resolve().parents[4] / "tests" / "cases" / "cases.json").read_text()
)
(WINDOWS,) = (case for case in CASES if case["id"] == "time-zone-windows")
MORNING = SendWindow(days=tuple(Weekday), opens=9 * 60, closes=9 * 60 + 5)


@pytest.fixture
def preview(session, workspace_id, personas, a_definition):
    """Return a function: the first step of a lead with a time zone."""

    async def preview(name):
        made = a_definition(send_window=MORNING, name=f"Sequence {uuid4()}")
        sequence = await create_sequence(session, workspace_id, made, by="ann")
        lead = Lead() if name is None else Lead(time_zone=name)
        chosen = LeadToStart(lead_id="lead", campaign_id=None, lead=lead)
        (step,) = await preview_sequence(session, personas, sequence, chosen)
        return step

    return preview


@pytest.mark.parametrize(
    ("name", "same"),
    [
        *WINDOWS["expect"]["zones"].items(),
        ("asia/tokyo", "Asia/Tokyo"),
        ("UTC+05:30", "Asia/Kolkata"),
        ("China Standard Time", "Asia/Shanghai"),
    ],
)
async def test_a_zone_counts_under_each_of_its_names(preview, name, same):
    named, expected, other = await preview(name), await preview(same), await preview(None)
    assert named.due_at == expected.due_at
    assert named.due_at != other.due_at
    assert named.warnings == ()


@pytest.fixture
def start(session, workspace_id, a_definition):
    async def start(zone):
        sequence = await create_sequence(session, workspace_id, a_definition(), by="ann")
        chosen = LeadToStart(lead_id="lead", campaign_id=None, lead=Lead(time_zone=zone))
        (instance,), _ = await start_instances(
            session, sequence, [chosen], by="ann", skip_unavailable=False
        )
        return instance

    return start


@pytest.mark.parametrize("zone", ["Mars/Phobos", "CEST", "(UTC+01:00) Berlin"])
async def test_an_unknown_zone_is_told_wherever_the_lead_is_shown(
    session, preview, start, send, versions, zone
):
    assert zone in (await preview(zone)).warnings[0]
    instance = await start(zone)
    await send(instance)
    shown = await show_instance(session, instance, versions)
    assert zone in shown.warnings[0]
    assert "UTC" in shown.warnings[0]
    assert [entry.note.what for entry in shown.timeline] == ["time zone unknown"] * 2
    (request,) = events(await published(session), "send_requested")
    assert request["warnings"] == list(shown.warnings)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "N/A", None])
async def test_of_a_known_zone_and_of_none_nothing_is_told(session, start, send, versions, zone):
    instance = await start(zone)
    await send(instance)
    shown = await show_instance(session, instance, versions)
    assert (list(shown.warnings), list(shown.timeline)) == ([], [])
    (request,) = events(await published(session), "send_requested")
    assert request["warnings"] == []


async def test_on_a_holiday_a_step_waits(session, workspace_id, start, send):
    today = (await database_now(session)).date()
    saved = replace(
        DEFAULTS, holidays=replace(DEFAULTS.holidays, dates=frozenset({today})), version=1
    )
    await followup_settings.save(session, workspace_id, saved)
    assert await followup_settings.get(session, workspace_id) == saved
    instance = await start(None)
    assert instance.next_at.date() > today
    await send(replace(instance))
    assert (await instances.get(session, instance.instance_id)).next_at.date() > today
    assert events(await published(session), "send_requested") == []
