"""What others are told about a change: its events and its audit trail."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from persona_contracts import (
    AssignmentChangedV1,
    OwnEvent,
    PersonaCreatedV1,
    PersonaDeletedV1,
    PersonaErasedV1,
    PersonaUndeletedV1,
    PersonaUpdatedV1,
    ResolvedPersona,
    WorkspaceUpdatedV1,
)
from persona_contracts import WorkspaceSettings as SettingsDocument
from service_kit.audit import AuditEntry
from service_kit.ids import new_id

from persona_svc.domain.compiled import CompiledPersona
from persona_svc.domain.diff import changed_fields, changes_summary
from persona_svc.usecases.begin_change import Change


def describe_change(
    change: Change,
    action: str,
    compiled: dict[UUID, CompiledPersona],
    changed_settings: list[str],
) -> tuple[list[OwnEvent], list[AuditEntry]]:
    """Return what others are told about a change that has its new revision.

    The events are in the order of their entities; the audit trail has, per entity, who did what,
    from which version to which.
    """
    events = _events(change, compiled, changed_settings)
    return list(events), list(_audit(change, action, changed_settings))


def _events(
    change: Change, compiled: dict[UUID, CompiledPersona], changed_settings: list[str]
) -> Iterator[OwnEvent]:
    always: dict[str, Any] = {
        "workspace_id": change.workspace_id,
        "occurred_at": change.at,
        "revision": change.workspace.revision,
    }
    for kind, there in ((PersonaCreatedV1, change.created), (PersonaUndeletedV1, change.undeleted)):
        for persona in there:
            yield kind(
                **always,
                persona=_document(compiled[persona.persona_id]),
                version=persona.version,
                changed_fields=[name for name, value in persona.fields.as_dict().items() if value],
                changed_by=change.actor.subject,
            )
    for before, after in change.updated:
        yield PersonaUpdatedV1(
            **always,
            persona=_document(compiled[after.persona_id]),
            version=after.version,
            changed_fields=changed_fields(before.fields, after.fields),
            changed_by=change.actor.subject,
            summary=changes_summary(before.fields, after.fields),
        )
    for deleted in change.deleted:
        yield PersonaDeletedV1(
            **always,
            persona_id=deleted.persona.persona_id,
            changed_by=change.actor.subject,
            erase_after=deleted.erase_after,
        )
    for persona_id in change.erased:
        yield PersonaErasedV1(**always, persona_id=persona_id)
    for item in change.reassigned:
        yield AssignmentChangedV1(
            **always,
            campaign_id=item.campaign_id,
            channel=item.channel,
            persona_id=item.after,
            previous_persona_id=item.before,
        )
    if changed_settings:
        document = SettingsDocument(
            **change.workspace.settings.as_dict(),
            default_persona_id=change.workspace.default_persona_id,
        )
        yield WorkspaceUpdatedV1(**always, settings=document, changed_fields=changed_settings)


def _document(persona: CompiledPersona) -> ResolvedPersona:
    return ResolvedPersona.model_validate(persona.as_dict())


def _audit(change: Change, action: str, changed_settings: list[str]) -> Iterator[AuditEntry]:
    def entry(
        entity: str, entity_id: str, versions: tuple[int | None, int | None], summary: str | None
    ) -> AuditEntry:
        return AuditEntry(
            audit_id=new_id(),
            workspace_id=change.workspace_id,
            at=change.at,
            actor=change.actor.subject,
            role=change.actor.role,
            action=action,
            entity=entity,
            entity_id=entity_id,
            before_version=versions[0],
            after_version=versions[1],
            summary=summary,
        )

    for persona in (*change.created, *change.undeleted):
        versions = (None, persona.version)
        yield entry("persona", str(persona.persona_id), versions, persona.fields.name)
    for before, after in change.updated:
        versions = (before.version, after.version)
        summary = changes_summary(before.fields, after.fields)
        yield entry("persona", str(after.persona_id), versions, summary)
    for persona in (deleted.persona for deleted in change.deleted):
        versions = (persona.version, None)
        yield entry("persona", str(persona.persona_id), versions, persona.fields.name)
    for persona_id in change.erased:
        yield entry("persona", str(persona_id), (None, None), None)
    for item in change.reassigned:
        summary = f"{item.channel}: {item.before or 'default'} → {item.after or 'default'}"
        yield entry("campaign", item.campaign_id, (None, None), summary)
    if changed_settings:
        summary = f"changed {', '.join(changed_settings)}"
        yield entry("workspace", change.workspace_id, (None, None), summary)
