"""Decide whether a version of a prompt has passed its gate."""

from service_kit import audit
from service_kit.audit import AuditEntry
from service_kit.ids import new_id

from persona_svc.adapters import prompt_gates
from persona_svc.domain.persona import Persona
from persona_svc.domain.prompt_gate import Gate, GateOutcome
from persona_svc.domain.prompt_version import Origin, PromptVersion
from persona_svc.usecases.activate_prompt import activate_prompt
from persona_svc.usecases.begin_change import Change


async def decide_gate(
    change: Change,
    persona: Persona,
    version: PromptVersion,
    outcome: GateOutcome,
    why: str | None,
) -> Gate:
    """Return the gate as it was decided; what has passed, or was overridden, is active.

    Raises:
        GateNotFoundError: the version stands before no gate.
        GateClosedError: it is decided already, or its deadline is over.
        InvalidError: the persona cannot have this text, now.
    """
    gate = await prompt_gates.get(change.session, persona, version.version_id)
    decided = gate.decided(outcome, by=change.actor.subject, at=change.at, why=why)
    await prompt_gates.save(change.session, decided)
    await audit.add_all(change.session, [_told(change, persona, decided)])
    if outcome is not GateOutcome.FAILED:
        await activate_prompt(change, persona, version, Origin.GATE)
    return decided


def _told(change: Change, persona: Persona, gate: Gate) -> AuditEntry:
    return AuditEntry(
        audit_id=new_id(),
        workspace_id=change.workspace_id,
        at=change.at,
        actor=change.actor.subject,
        role=change.actor.role,
        action=f"prompt_gate.{gate.state}",
        entity="persona",
        entity_id=str(persona.persona_id),
        summary=gate.why,
    )
