"""A ready draft is outdated once it would be written in another voice."""

from dataclasses import replace

from draft_svc.domain.draft import DraftStatus
from draft_svc.usecases.is_outdated import is_outdated
from drafting import persona


async def test_a_draft_is_outdated_by_another_persona_or_other_texts(personas, a_ready_draft):
    draft, anna = await a_ready_draft(), personas.default
    assert not is_outdated(personas, draft)
    personas.default = anna.model_copy(update={"tone": "brisk"})
    assert is_outdated(personas, draft)
    personas.default = anna.model_copy(update={"description": "For trials", "version": 2})
    assert not is_outdated(personas, draft)
    personas.default = persona()
    assert is_outdated(personas, draft)


async def test_a_draft_of_a_release_that_kept_no_digest_is_outdated_by_a_version(
    personas, a_ready_draft
):
    draft = await a_ready_draft()
    old = {name: value for name, value in draft.resolution.items() if name != "content_digest"}
    draft = replace(draft, resolution=old)
    assert not is_outdated(personas, draft)
    personas.default = personas.default.model_copy(update={"version": 2})
    assert is_outdated(personas, draft)


async def test_only_a_ready_draft_is_outdated_and_only_if_the_personas_are_known(
    personas, a_ready_draft
):
    draft = await a_ready_draft()
    personas.default = persona()
    assert not is_outdated(personas, replace(draft, status=DraftStatus.APPROVED))
    personas.default = None
    assert not is_outdated(personas, draft)
