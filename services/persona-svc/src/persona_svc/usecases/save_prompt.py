"""Store a version of a prompt, and let it speak if it can."""

from dataclasses import dataclass

from service_kit.errors import FieldError
from service_kit.ids import new_id

from persona_svc.adapters import prompts
from persona_svc.domain.diff import unified_diff
from persona_svc.domain.persona import Persona
from persona_svc.domain.prompt import PromptError, PromptKey
from persona_svc.domain.prompt_gate import Gate
from persona_svc.domain.prompt_version import (
    MAX_PROMPTS,
    Origin,
    PromptHead,
    PromptInvalidError,
    PromptVersion,
    VersionState,
    require_storable,
)
from persona_svc.usecases.advance_prompt import advance_prompt
from persona_svc.usecases.begin_change import Change
from persona_svc.usecases.check_prompt import check_prompt


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptDraft:
    """A text for a prompt, and what its author says about it."""

    key: PromptKey
    content: str
    commit_message: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedPrompt:
    """The version that was stored; `diff` is against the one that was active, in unified form."""

    version: PromptVersion
    diff: str | None
    is_active: bool
    gate: Gate | None
    """What it waits before, if there is one."""


async def save_prompt(change: Change, persona: Persona, draft: PromptDraft) -> SavedPrompt:
    """Return the new version; one with errors is stored and does not become active.

    One that another admin must approve, or that must pass a gate, waits.

    Raises:
        PromptInvalidError: the text is blank or cannot be stored, or there are too many prompts.
    """
    require_storable("content", draft.content)
    if draft.commit_message is not None:
        require_storable("commit_message", draft.commit_message)
    heads = await prompts.heads(change.session, persona)
    if draft.key not in heads and len(heads) >= MAX_PROMPTS:
        error = FieldError("name", f"this persona has had {MAX_PROMPTS} prompts: use one of them")
        raise PromptInvalidError(error.message, errors=[error])
    head = heads.get(draft.key, PromptHead(key=draft.key))
    errors = await check_prompt(change.session, persona, draft.key, draft.content)
    version = await _add(change, persona, head, draft, errors)
    before = None
    if head.active_version_id is not None:
        key = (change.workspace_id, persona.persona_id, head.active_version_id)
        before = (await prompts.get(change.session, *key)).content
    waits = bool(errors) or change.settings.prompt_approval
    gate = None if waits else await advance_prompt(change, persona, version, Origin.SAVE)
    return SavedPrompt(
        version=version,
        diff=unified_diff(before, version.content),
        is_active=not waits and gate is None,
        gate=gate,
    )


async def _add(
    change: Change,
    persona: Persona,
    head: PromptHead,
    draft: PromptDraft,
    errors: list[PromptError],
) -> PromptVersion:
    state = VersionState.PROPOSED if change.settings.prompt_approval else VersionState.SAVED
    version = PromptVersion(
        version_id=new_id(),
        persona_id=persona.persona_id,
        key=draft.key,
        number=head.latest + 1,
        author_id=change.actor.subject,
        commit_message=draft.commit_message,
        parent_version_id=head.active_version_id,
        origin=Origin.SAVE,
        state=VersionState.REFUSED if errors else state,
        errors=tuple(errors),
        created_at=change.at,
        content=draft.content,
    )
    await prompts.add(change.session, change.workspace_id, version)
    return version
