"""Change the workspace's settings; legacy fields change the default persona instead."""

from collections.abc import Mapping
from typing import Any

from service_kit.errors import FieldError
from service_kit.names import turning_character

from persona_svc.adapters import personas
from persona_svc.domain.greeting import require_fillable
from persona_svc.domain.workspace import Workspace
from persona_svc.domain.workspace_settings import (
    InvalidSettingsError,
    WorkspaceSettings,
    persona_changes_from_legacy,
)
from persona_svc.usecases.begin_change import Change
from persona_svc.usecases.publish_change import publish_change
from persona_svc.usecases.replace_fields import replace_fields


async def update_settings(change: Change, values: Mapping[str, Any]) -> Workspace:
    """Return the workspace with the given settings; those not given stay.

    With a default persona the seven mirrored fields change it, where they differ from what it
    has, so that the mirror stays one-way (domain.md §2).

    Raises:
        InvalidSettingsError: with everything that is wrong with `values`; a name turns text around.
        InvalidPersonaError: the default persona would break a rule.
    """
    _require_straight_name(values)
    before = change.settings.as_dict()
    change.settings = WorkspaceSettings.from_dict({**before, **values})
    require_fillable(InvalidSettingsError, change.settings.as_dict(), before)
    if change.default_persona_id is not None:
        key = (change.session, change.workspace_id, change.default_persona_id)
        patch = persona_changes_from_legacy(change.settings, await personas.get_compiled(*key))
        if patch:
            persona = await personas.get(*key)
            await replace_fields(change, persona, persona.fields.patched(patch))
    await publish_change(change, "workspace.update_settings")
    return change.workspace


def _require_straight_name(values: Mapping[str, Any]) -> None:
    message = turning_character(str(values.get("ai_persona_name") or ""))
    if message:
        error = FieldError("ai_persona_name", message)
        raise InvalidSettingsError(f"{error.field}: {error.message}", errors=[error])
