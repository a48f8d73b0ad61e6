"""Bring a stored version of a prompt as far as it may go: to its approval, its gate, or its use."""

from datetime import timedelta
from typing import Final

from persona_svc.adapters import prompt_gates, prompts
from persona_svc.domain.persona import Persona
from persona_svc.domain.prompt_gate import ApprovalRequiredError, Gate, GateState
from persona_svc.domain.prompt_version import Origin, PromptVersion
from persona_svc.usecases.activate_prompt import activate_prompt
from persona_svc.usecases.begin_change import Change

GATE_TIME: Final = timedelta(minutes=15)
"""How long a version may take to pass."""


async def advance_prompt(
    change: Change, persona: Persona, version: PromptVersion, origin: Origin
) -> Gate | None:
    """Return None once the version is active, else the gate that it waits before.

    A version that was active before may be active again.

    Raises:
        ApprovalRequiredError: another admin must approve it first.
        InvalidError: the persona cannot have this text, now.
    """
    known = await prompts.was_active(change.session, persona, version.version_id)
    approved = known or origin is Origin.APPROVE
    if change.settings.prompt_approval and not approved:
        raise ApprovalRequiredError(
            f"{version.key}: another admin approves version {version.number}"
        )
    if persona.fields.prompt_gate and not known:
        gate = await prompt_gates.find(change.session, persona, version.version_id)
        if gate is None or gate.state_at(change.at) is not GateState.WAITING:
            deadline = change.at + GATE_TIME
            gate = await prompt_gates.add(change.session, persona, version.version_id, deadline)
        return gate
    await activate_prompt(change, persona, version, origin)
    return None
