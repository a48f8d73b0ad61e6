"""Templates: refused when they are saved, and what an older release stored is told and paused."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from following import events
from followup_svc.adapters import instances, sequences
from followup_svc.domain.instance import Reason, State
from followup_svc.domain.sequence import Sequence, Step, TemplateInvalidError
from followup_svc.domain.template import aliases, lint
from followup_svc.usecases.create_sequence import create_sequence
from followup_svc.usecases.find_refused import find_refused
from followup_svc.usecases.start_instances import LeadToStart, start_instances
from persona_contracts import Lead
from service_devkit.testing.rollback import published
from service_kit.ids import new_id
from service_kit.store import database_now

CASES = json.loads(
    (Path(__file__).resolve().parents[4] / "tests" / "cases" / "cases.json").read_text()
)
BODIES = [
    *(case["body"] for case in CASES if case["kind"] == "template"),
    'Hi {{ first_name | default: "there" }},',
    "Hi {{{firstName}}},",
    "Hi {{contact.firstname}},",
    "Hi *|FNAME|*,",
    "Hi %%=v(@firstname)=%%,",
    "Hi %FIRSTNAME%,",
    "Hi [First Name],",
    "Hi <<First Name>>,",
    "Hi {firstName,",
]


@pytest.mark.parametrize("body", BODIES)
async def test_a_template_with_a_hole_is_not_saved(session, workspace_id, a_definition, body):
    with pytest.raises(TemplateInvalidError) as refused:
        await create_sequence(session, workspace_id, a_definition(body), by="anna")
    (error, *_) = refused.value.extra["template_errors"]
    assert error["field"] == "steps.0.body"
    assert body[error["position"] :].startswith(error["token"])
    assert "{firstName" in error["hint"] or "{company}" in error["hint"]


@pytest.mark.parametrize("subject", ["{{company_name}}, hi", "For [First Name]", "%COMPANY%"])
async def test_a_subject_has_the_same_grammar(session, workspace_id, a_definition, subject):
    made = a_definition("Hi")
    steps = (replace(made.steps[0], subject=subject),)
    with pytest.raises(TemplateInvalidError, match=r"steps\.0\.subject"):
        await create_sequence(session, workspace_id, replace(made, steps=steps), by="anna")


def test_the_check_of_snake_case_names_the_token_that_is_meant():
    (case,) = (case for case in CASES if case["id"] == "template-snake-hint")
    assert lint(case["body"]) == ()
    (alias,) = aliases(case["body"])
    assert case["expect"]["hint"] in alias.hint


@pytest.fixture
def stored(session, workspace_id, a_definition):
    """Return a function that stores a sequence as an older release did, unchecked."""

    async def store(body, name="Old"):
        now = await database_now(session)
        valid = Sequence.new(new_id(), workspace_id, a_definition("Hi", name=name), at=now)
        step = replace(valid.definition.steps[0], body=body)
        old = replace(valid, definition=replace(valid.definition, steps=(step,)))
        await sequences.add(session, old, changed_by="anna")
        return old

    return store


@pytest.mark.parametrize("body", BODIES)
async def test_a_stored_template_with_a_hole_pauses_as_a_setup_issue(session, stored, send, body):
    old = await stored(body)
    chosen = [LeadToStart(lead_id="lead", campaign_id=None, lead=Lead(first_name="Bo"))]
    (instance,), _ = await start_instances(session, old, chosen, by="anna", skip_unavailable=False)
    await send(instance)
    paused = await instances.get(session, instance.instance_id)
    assert (paused.state, paused.reason) == (State.PAUSED, Reason.TEMPLATE)
    found = await published(session)
    (blocked,) = events(found, "blocked")
    assert blocked["setup_issue"] is True
    assert events(found, "send_requested") == []


async def test_stored_templates_with_holes_are_listed(session, stored, workspace_id, a_definition):
    old = await stored("Hi {{deal_size}} and [First Name]")
    await create_sequence(session, workspace_id, a_definition(name="Good"), by="anna")
    first, second = await find_refused(session)
    assert (first.version.sequence_id, first.field) == (old.sequence_id, "steps.0.body")
    assert (first.error.token, second.error.token) == ("{{deal_size}}", "[First Name]")


async def test_a_version_that_leads_are_on_is_listed_too(session, stored, a_definition):
    old = await stored("Hi {{deal_size}}")
    chosen = [LeadToStart(lead_id="lead", campaign_id=None)]
    await start_instances(session, old, chosen, by="anna", skip_unavailable=False)
    now = await database_now(session)
    await sequences.save(session, old.changed(a_definition("Hi"), at=now), changed_by="anna")
    (found,) = await find_refused(session)
    assert found.version.version == 1


async def test_a_step_of_any_channel_is_checked(session, workspace_id, a_definition):
    for channel in ("sms", "linkedin"):
        step = replace(a_definition("Hi").steps[0], channel=channel, subject=None)
        wrong = Step(channel=channel, delay=step.delay, subject=None, body="Hi {{first_name}}")
        made = replace(a_definition("Hi"), steps=(step, wrong))
        with pytest.raises(TemplateInvalidError, match=r"steps\.1\.body"):
            await create_sequence(session, workspace_id, made, by="anna")
