"""Describe to others that a lead is on its way."""

from persona_contracts import FollowupStartedV1

from followup_svc.domain.instance import Instance
from followup_svc.usecases.describe_instance import describe_instance


def describe_start(instance: Instance, channel: str, reason: str) -> FollowupStartedV1:
    """Return the event of a new instance, whose first step goes out on `channel`."""
    fields = describe_instance(instance, channel, at=instance.started_at)
    return FollowupStartedV1(**fields, reason=reason)
