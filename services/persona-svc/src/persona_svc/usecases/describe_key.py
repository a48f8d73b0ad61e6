"""What the audit trail says of an API key."""

from service_kit.audit import AuditEntry
from service_kit.ids import new_id

from persona_svc.domain.api_key import ApiKey
from persona_svc.usecases.begin_change import Change


def describe_key(change: Change, key: ApiKey, action: str) -> AuditEntry:
    """Return the entry of what was done with a key."""
    return AuditEntry(
        audit_id=new_id(),
        workspace_id=change.workspace_id,
        at=change.at,
        actor=change.actor.subject,
        role=change.actor.role,
        action=action,
        entity="key",
        entity_id=str(key.key_id),
        before_version=None,
        after_version=None,
        summary=f"{key.name}: {key.role}",
    )
