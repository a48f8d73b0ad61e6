"""Approve a version of a prompt that somebody else wrote."""

from uuid import UUID

from persona_svc.adapters import api_keys
from persona_svc.domain.persona import Persona
from persona_svc.domain.prompt_gate import KEY_SUBJECT, Gate, SelfApprovalError
from persona_svc.domain.prompt_version import Origin, PromptVersion
from persona_svc.usecases.advance_prompt import advance_prompt
from persona_svc.usecases.begin_change import Change


async def approve_prompt(change: Change, persona: Persona, version: PromptVersion) -> Gate | None:
    """Return None once the version is active, else the gate that it waits before.

    An API key counts as the person who made it.

    Raises:
        SelfApprovalError: the one who approves has written it.
        InvalidError: the persona cannot have this text, now.
    """
    author = await _person(change, version.author_id)
    if author == await _person(change, change.actor.subject):
        raise SelfApprovalError(f"{version.key}: another admin approves version {version.number}")
    return await advance_prompt(change, persona, version, Origin.APPROVE)


async def _person(change: Change, subject: str) -> str:
    if not subject.startswith(KEY_SUBJECT):
        return subject
    key_id = UUID(subject.removeprefix(KEY_SUBJECT))
    return await api_keys.created_by(change.session, change.workspace_id, key_id) or subject
