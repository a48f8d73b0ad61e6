"""Change the workspace's settings; legacy fields change the default persona instead."""

from collections.abc import Mapping
from typing import Any

from persona_svc.adapters import personas
from persona_svc.domain.workspace import WorkspaceSettings, persona_changes_from_legacy
from persona_svc.usecases.change import Change
from persona_svc.usecases.publish_change import compiled_now
from persona_svc.usecases.update_persona import update_persona


async def update_settings(change: Change, values: Mapping[str, Any]) -> None:
    """Set the given fields; those not given stay.

    With a default persona the seven mirrored fields change it, where they differ from what it
    says, so that the mirror stays one-way (domain.md §2).

    Raises:
        InvalidSettingsError: with everything that is wrong with `values`.
        InvalidPersonaError: the default persona would break a rule.
    """
    wanted = WorkspaceSettings.from_dict({**change.settings.as_dict(), **values})
    change.settings = wanted
    default_id = change.default_persona_id
    if default_id is None:
        return
    default = await compiled_now(change.session, change.workspace_id, default_id)
    patch = persona_changes_from_legacy(wanted, default)
    if patch:
        persona = await personas.load(change.session, change.workspace_id, default_id)
        await update_persona(change, persona, patch)
