"""Names that are data: stored positions, subjects and counters hang on them; none is renamed."""

import pytest
from chat_svc.entrypoints.events import events as chat_events
from draft_svc.entrypoints.events import events as draft_events
from followup_svc.entrypoints.events import events as followup_events
from ingest_svc.entrypoints.events import events as ingest_events
from persona_svc.entrypoints.events import events as persona_events
from studio_svc.entrypoints.events import events as studio_events
from voice_svc.entrypoints.events import events as voice_events

EVENTS = {
    "persona-svc": persona_events,
    "draft-svc": draft_events,
    "followup-svc": followup_events,
    "ingest-svc": ingest_events,
    "voice-svc": voice_events,
    "chat-svc": chat_events,
    "studio-svc": studio_events,
}
ADVISORY = "$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES"
DURABLES = {
    "persona-svc": {
        "persona-svc_on_campaign_synced": ("CRM", "campaign.synced.v1.*"),
        "persona-svc_on_campaign_removed": ("CRM", "campaign.removed.v1.*"),
        "persona-svc_on_voice_setup_requested": ("VOICE", "voice.setup_requested.v1.*"),
        "persona-svc_on_lead_erased": ("CRM", "lead.erased.v1.*"),
        "persona-svc_on_workspace_erased": ("PERSONA", "workspace.erased.v1.*"),
    },
    "draft-svc": {
        "draft-svc_on_lead_replied": ("CRM", "lead.replied.v1.*"),
        "draft-svc_on_persona_erased": ("PERSONA", "persona.erased.v1.*"),
        "draft-svc_on_lead_erased": ("CRM", "lead.erased.v1.*"),
        "draft-svc_on_workspace_erased": ("PERSONA", "workspace.erased.v1.*"),
    },
    "followup-svc": {
        "followup-svc_on_lead_replied": ("CRM", "lead.replied.v1.*"),
        "followup-svc_on_lead_outcome": ("CRM", "lead.outcome.v1.*"),
        "followup-svc_on_message_sent": ("CRM", "message.sent.v1.*"),
        "followup-svc_on_message_failed": ("CRM", "message.failed.v1.*"),
        "followup-svc_on_campaign_synced": ("CRM", "campaign.synced.v1.*"),
        "followup-svc_on_campaign_removed": ("CRM", "campaign.removed.v1.*"),
        "followup-svc_on_persona_deleted": ("PERSONA", "persona.deleted.v1.*"),
        "followup-svc_on_persona_undeleted": ("PERSONA", "persona.undeleted.v1.*"),
        "followup-svc_on_persona_erased": ("PERSONA", "persona.erased.v1.*"),
        "followup-svc_on_lead_erased": ("CRM", "lead.erased.v1.*"),
        "followup-svc_on_workspace_erased": ("PERSONA", "workspace.erased.v1.*"),
    },
    "ingest-svc": {
        "ingest-svc_on_file_uploaded": ("CRM", "file.uploaded.v1.*"),
        "ingest-svc_on_file_deleted": ("CRM", "file.deleted.v1.*"),
        "ingest-svc_on_gap_answered": ("CHAT", "chat.gap_answered.v1.*"),
        "ingest-svc_on_persona_undeleted": ("PERSONA", "persona.undeleted.v1.*"),
        "ingest-svc_on_persona_erased": ("PERSONA", "persona.erased.v1.*"),
        "ingest-svc_on_lead_erased": ("CRM", "lead.erased.v1.*"),
        "ingest-svc_on_workspace_erased": ("PERSONA", "workspace.erased.v1.*"),
    },
    "voice-svc": {
        "voice-svc_on_persona_created": ("PERSONA", "persona.created.v1.*"),
        "voice-svc_on_persona_updated": ("PERSONA", "persona.updated.v1.*"),
        "voice-svc_on_persona_undeleted": ("PERSONA", "persona.undeleted.v1.*"),
        "voice-svc_on_persona_deleted": ("PERSONA", "persona.deleted.v1.*"),
        "voice-svc_on_persona_erased": ("PERSONA", "persona.erased.v1.*"),
        "voice-svc_on_lead_erased": ("CRM", "lead.erased.v1.*"),
        "voice-svc_on_workspace_erased": ("PERSONA", "workspace.erased.v1.*"),
    },
    "chat-svc": {
        "chat-svc_on_draft_created": ("DRAFT", "draft.created.v1.*"),
        "chat-svc_on_persona_erased": ("PERSONA", "persona.erased.v1.*"),
        "chat-svc_on_lead_erased": ("CRM", "lead.erased.v1.*"),
        "chat-svc_on_workspace_erased": ("PERSONA", "workspace.erased.v1.*"),
    },
    "studio-svc": {
        "studio-svc_on_workspace_erased": ("PERSONA", "workspace.erased.v1.*"),
    },
}
"""By service: each durable, its stream and subject. A new name would handle 30 days again."""


@pytest.mark.parametrize("service", DURABLES)
def test_durables_keep_their_names(service):
    advisories = tuple(
        f"{ADVISORY}.{stream}.{name}" for name, (stream, _) in DURABLES[service].items()
    )
    declared = EVENTS[service].durables
    assert {item.name: (item.stream, *item.filter_subjects) for item in declared} == {
        **DURABLES[service],
        f"{service}_on_max_deliveries": ("ADVISORY", *advisories),
    }
