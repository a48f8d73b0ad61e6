"""Sequences: versions, names, templates, and what keeps one from being deleted."""

from dataclasses import replace
from uuid import uuid4

import pytest
from followup_svc.adapters import instances, sequences
from followup_svc.domain.instance import Reason, State
from followup_svc.domain.sequence import (
    SequenceNameTakenError,
    SequenceNotFoundError,
    SequenceRunningError,
    TemplateInvalidError,
    Trigger,
)
from followup_svc.usecases.clone_sequence import clone_sequence
from followup_svc.usecases.create_sequence import create_sequence
from followup_svc.usecases.delete_sequence import delete_sequence
from followup_svc.usecases.find_warnings import find_warnings
from followup_svc.usecases.preview_sequence import preview_sequence
from followup_svc.usecases.start_instances import LeadToStart
from followup_svc.usecases.update_sequence import update_sequence
from service_devkit.testing.rollback import published

TRIGGER = Trigger(event="lead.replied")


async def test_a_sequence_is_stored_with_its_first_version(session, workspace_id, a_definition):
    made = await create_sequence(session, workspace_id, a_definition(), by="ann")
    assert await sequences.get(session, made.sequence_id) == made
    (version,) = await sequences.page_of_versions(session, made.sequence_id, None, 10)
    assert (version.version, version.changed_by) == (1, "ann")
    assert version.definition == made.definition


async def test_a_change_makes_a_version_and_the_same_again_makes_none(
    session, workspace_id, a_definition
):
    made = await create_sequence(session, workspace_id, a_definition(trigger=TRIGGER), by="ann")
    changed = await update_sequence(
        session, made, a_definition("Other.", trigger=TRIGGER), by="ben"
    )
    assert (changed.version, changed.trigger_saved_at) == (2, made.trigger_saved_at)
    assert await update_sequence(session, changed, changed.definition, by="cat") is changed
    assert await sequences.get(session, made.sequence_id) == changed
    first = await sequences.get_version(session, made.sequence_id, 1)
    assert first.definition == made.definition


async def test_a_changed_trigger_counts_from_now(session, workspace_id, a_definition):
    made = await create_sequence(session, workspace_id, a_definition(), by="ann")
    changed = await update_sequence(session, made, a_definition(trigger=TRIGGER), by="ann")
    assert changed.trigger_saved_at > made.trigger_saved_at


async def test_a_template_that_no_value_fills_is_refused(session, workspace_id, a_definition):
    with pytest.raises(TemplateInvalidError, match=r"steps\.0\.body: unknown token \{nobody\}"):
        await create_sequence(session, workspace_id, a_definition("{nobody}"), by="ann")
    made = await create_sequence(session, workspace_id, a_definition(), by="ann")
    with pytest.raises(TemplateInvalidError):
        await update_sequence(session, made, a_definition("{"), by="ann")


async def test_a_name_is_taken_in_upper_or_lower_case(session, workspace_id, a_definition):
    made = await create_sequence(session, workspace_id, a_definition(name="Demo"), by="ann")
    with pytest.raises(SequenceNameTakenError):
        await create_sequence(session, workspace_id, a_definition(name="dEMO"), by="ann")
    other = await create_sequence(session, workspace_id, a_definition(name="Other"), by="ann")
    with pytest.raises(SequenceNameTakenError):
        await update_sequence(session, other, a_definition(name="DEMO"), by="ann")
    renamed = await update_sequence(session, made, a_definition(name="DEMO"), by="ann")
    assert renamed.definition.name == "DEMO"


@pytest.mark.parametrize("name", ["Demo\u3164", "De\ufe0fmo", "\u2060Demo", "Ｄｅｍｏ"])
async def test_a_name_is_taken_whatever_is_not_seen_in_it(
    session, workspace_id, a_definition, name
):
    await create_sequence(session, workspace_id, a_definition(name="Demo"), by="ann")
    with pytest.raises(SequenceNameTakenError):
        await create_sequence(session, workspace_id, a_definition(name=name), by="ann")


async def test_a_copy_has_no_trigger(session, workspace_id, a_definition):
    made = await create_sequence(
        session, workspace_id, a_definition(name="Demo", trigger=TRIGGER), by="ann"
    )
    copy = await clone_sequence(session, made, None, by="ben")
    assert copy.definition == replace(made.definition, name="Copy of Demo", trigger=None)
    with pytest.raises(SequenceNameTakenError):
        await clone_sequence(session, made, "copy of demo", by="ben")


async def test_a_sequence_that_leads_are_on_their_way_through_is_not_deleted(session, on_the_way):
    made = await on_the_way()
    with pytest.raises(SequenceRunningError) as refused:
        await delete_sequence(session, made.sequence, by="ann", stop_instances=False)
    assert refused.value.extra == {"live_instances": 1}


async def test_deleting_stops_the_leads_if_asked_and_frees_the_name(
    session, workspace_id, on_the_way, a_definition
):
    made = await on_the_way(name="Demo")
    await delete_sequence(session, made.sequence, by="ann", stop_instances=True)
    stopped = await instances.get(session, made.instance.instance_id)
    assert (stopped.state, stopped.reason) == (State.STOPPED, Reason.SEQUENCE_DELETED)
    assert [subject.split(".v1")[0] for subject, _ in await published(session)] == [
        "followup.started",
        "followup.stopped",
    ]
    with pytest.raises(SequenceNotFoundError):
        await sequences.get(session, made.sequence.sequence_id)
    with pytest.raises(SequenceNotFoundError):
        await sequences.lock(session, made.sequence.sequence_id)
    await create_sequence(session, workspace_id, a_definition(name="Demo"), by="ann")


async def test_an_unknown_sequence_or_version_is_not_found(session, workspace_id, a_definition):
    with pytest.raises(SequenceNotFoundError):
        await sequences.get(session, uuid4())
    made = await create_sequence(session, workspace_id, a_definition(), by="ann")
    with pytest.raises(SequenceNotFoundError):
        await sequences.get_version(session, made.sequence_id, 2)


async def test_a_preview_stores_nothing_and_shows_each_step(session, personas, on_the_way):
    made = await on_the_way("Hi, it is {senderName}.", "{company}")
    chosen = LeadToStart(lead_id="another", campaign_id=None)
    first, second = await preview_sequence(session, personas, made.sequence, chosen)
    assert first.outcome.text.startswith("Hi, it is Anna Berg.")
    (error,) = second.outcome.template_errors
    assert error.token == "{company}"
    assert len(await instances.page(session, {}, None, None, 10)) == 1


async def test_warnings_name_what_the_persona_lacks(session, workspace_id, personas):
    personas.default = personas.default.model_copy(update={"goals": None})
    templates = [("steps.0.body", "{goals} {firstName} {signature}")]
    (warned,) = await find_warnings(session, personas, workspace_id, templates, None)
    assert (warned.field, warned.error.token) == ("steps.0.body", "{goals}")
