"""Give the prompts of a persona their versions: the pointers follow its fields."""

from uuid import UUID

from service_kit.ids import new_id

from persona_svc.adapters import prompts
from persona_svc.adapters.prompts import Activation
from persona_svc.domain.persona import Persona
from persona_svc.domain.prompt_gate import ApprovalRequiredError, GateRequiredError
from persona_svc.domain.prompt_version import (
    Origin,
    PromptEdit,
    PromptHead,
    PromptVersion,
    VersionState,
    digest,
    texts_of,
)
from persona_svc.usecases.begin_change import Change


async def record_prompts(
    change: Change, before: Persona | None, persona: Persona, edit: PromptEdit
) -> None:
    """Let the active version of each prompt be what the persona's fields say.

    A text that has no version gets one; one that the persona had before gets that one back. So
    both histories agree, whoever changed the fields.

    Raises:
        ApprovalRequiredError, GateRequiredError: a text is new, and not one of `edit.chosen`.
    """
    known = {} if before is None else texts_of(before.fields)
    texts = texts_of(persona.fields)
    heads = await prompts.heads(change.session, persona)
    for key in heads | texts:
        head = heads.get(key, PromptHead(key=key))
        text = texts.get(key)
        active = None if text is None else await _version(change, persona, head, text, edit)
        if active != head.active_version_id:
            if known.get(key) != text and key not in edit.chosen:
                await _require_free(change, before, persona, (text, active), edit)
            activation = Activation(
                version_id=active,
                actor=change.actor.subject,
                at=change.at,
                why=edit.origin.value,
                revision=change.revision,
            )
            await prompts.activate(change.session, persona, head, activation)


async def _require_free(
    change: Change,
    before: Persona | None,
    persona: Persona,
    changed: tuple[str | None, UUID | None],
    edit: PromptEdit,
) -> None:
    text, version_id = changed
    approval = change.settings.prompt_approval
    gate = before is not None and before.fields.prompt_gate
    if not approval and not gate:
        return
    if version_id and await prompts.was_active(change.session, persona, version_id):
        return
    is_copy = edit.origin is Origin.CLONE
    if is_copy and (
        text is None or await prompts.is_used(change.session, change.workspace_id, text)
    ):
        return
    hint = "save it as a version of the prompt (POST …/prompts/{layer}/{name}/versions)"
    if approval:
        raise ApprovalRequiredError(f"{hint}: another admin approves it")
    raise GateRequiredError(f"{hint}: it is used once it has passed")


async def _version(
    change: Change, persona: Persona, head: PromptHead, text: str, edit: PromptEdit
) -> UUID | None:
    if head.key in edit.chosen:
        return edit.chosen[head.key]
    if head.active_sha256 == digest(text):
        return head.active_version_id
    known = await prompts.find_text(change.session, persona, head.key, text)
    return known or await _add(change, persona, head, text, edit)


async def _add(
    change: Change, persona: Persona, head: PromptHead, text: str, edit: PromptEdit
) -> UUID:
    version = PromptVersion(
        version_id=new_id(),
        persona_id=persona.persona_id,
        key=head.key,
        number=head.latest + 1,
        author_id=change.actor.subject,
        commit_message=edit.message,
        parent_version_id=head.active_version_id,
        origin=edit.origin,
        state=VersionState.SAVED,
        errors=(),
        created_at=change.at,
        content=text,
    )
    await prompts.add(change.session, change.workspace_id, version)
    return version.version_id
