"""What routes share."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from service_kit.identity import Admin, Viewer
from service_kit.personas import wait_for_persona
from service_kit.preconditions import OptionalIfMatch
from service_kit.routing import WorkspaceSession, deps_of

from followup_svc.adapters import followup_settings, instances, sequences
from followup_svc.deps import FollowupDeps
from followup_svc.domain.followup_settings import FollowupSettings
from followup_svc.domain.instance import Instance
from followup_svc.domain.sequence import Sequence
from followup_svc.entrypoints.schemas.sequences import SaveSequenceRequest, SequenceDocument
from followup_svc.entrypoints.schemas.settings import SettingsDocument
from followup_svc.entrypoints.schemas.templates import LintTemplateRequest

Deps = Annotated[FollowupDeps, Depends(deps_of(FollowupDeps))]


async def _sequence(
    sequence_id: UUID, session: WorkspaceSession, if_match: OptionalIfMatch
) -> Sequence:
    sequence = await sequences.lock(session, sequence_id)
    current = SequenceDocument.of(sequence).model_dump(mode="json", by_alias=True)
    if_match.require(sequence.version, current)
    return sequence


async def _instance(instance_id: UUID, session: WorkspaceSession) -> Instance:
    return await instances.lock(session, instance_id)


async def _settings(
    admin: Admin, session: WorkspaceSession, if_match: OptionalIfMatch
) -> FollowupSettings:
    settings = await followup_settings.lock(session, admin.workspace_id)
    current = SettingsDocument.of(settings).model_dump(mode="json", by_alias=True)
    if_match.require(settings.version, current)
    return settings


async def _saved(body: SaveSequenceRequest, viewer: Viewer, deps: Deps) -> SaveSequenceRequest:
    await _wait_for(body.ai_persona_id, viewer, deps)
    return body


async def _linted(body: LintTemplateRequest, viewer: Viewer, deps: Deps) -> LintTemplateRequest:
    await _wait_for(body.ai_persona_id, viewer, deps)
    return body


async def _wait_for(persona_id: UUID | None, viewer: Viewer, deps: Deps) -> None:
    if persona_id is not None:
        await wait_for_persona(deps.roster, viewer.workspace_id, persona_id)


SequenceToSave = Annotated[SaveSequenceRequest, Depends(_saved)]
"""The body, once its persona is known or does not come; it must stand before the session."""
TemplateToLint = Annotated[LintTemplateRequest, Depends(_linted)]
"""The body, once its persona is known or does not come; it must stand before the session."""
LockedSequence = Annotated[Sequence, Depends(_sequence)]
LockedInstance = Annotated[Instance, Depends(_instance)]
LockedSettings = Annotated[FollowupSettings, Depends(_settings)]
