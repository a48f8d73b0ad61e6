"""When a lead may be written to."""

from collections.abc import Mapping
from typing import Any

from followup_svc.domain.followup_settings import FollowupSettings
from followup_svc.domain.sequence import Definition
from followup_svc.domain.time_zone import lead_zone
from followup_svc.domain.window import Calendar


def make_calendar(
    definition: Definition, settings: FollowupSettings, profile: Mapping[str, Any]
) -> Calendar:
    """Return when a lead may be written to: the sequence's window, else the workspace's."""
    window = definition.send_window
    zone = lead_zone(profile.get("time_zone"), settings.zone)
    return Calendar(
        zone=zone.zone,
        window=settings.send_window if window == "workspace" else window,
        days_off=settings.holidays,
        warning=zone.warning,
    )
