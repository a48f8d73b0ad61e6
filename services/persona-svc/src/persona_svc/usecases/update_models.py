"""Change which models a workspace uses."""

from dataclasses import replace

from persona_svc.adapters import model_policies
from persona_svc.domain.model_policy import ModelPolicy, ModelPolicyVersion
from persona_svc.usecases.begin_change import SYSTEM, Change
from persona_svc.usecases.publish_change import publish_change


async def update_models(change: Change, policy: ModelPolicy) -> int:
    """Let this hold from now on; return the number of the version that holds.

    What held at first is kept as version 1, so that it can be restored, too.
    """
    session, workspace_id = change.session, change.workspace_id
    before, number = change.settings.models, await model_policies.newest(session, workspace_id)
    if policy == before:
        return number
    kept = [(before, SYSTEM.subject)] if number == 0 else []
    for each, by in [*kept, (policy, change.actor.subject)]:
        number += 1
        version = ModelPolicyVersion(
            version=number, policy=each, changed_by=by, created_at=change.at
        )
        await model_policies.add(session, workspace_id, version)
    change.settings = replace(change.settings, models=policy)
    await publish_change(change, "workspace.update_models")
    return number
