"""Every event and document of this version, by the name of its schema."""

from pydantic import BaseModel

from persona_contracts.campaign import CampaignRemovedV1, CampaignSyncedV1
from persona_contracts.chat import (
    ChatFeedbackV1,
    ChatGapAnsweredV1,
    ChatMessageCompletedV1,
    ChatUnansweredV1,
)
from persona_contracts.draft import (
    DraftApprovedV1,
    DraftCreatedV1,
    DraftFailedV1,
    DraftRejectedV1,
    DraftSupersededV1,
)
from persona_contracts.event import Event
from persona_contracts.file import FileDeletedV1, FileUploadedV1
from persona_contracts.followup import (
    FollowupBlockedV1,
    FollowupCompletedV1,
    FollowupPausedV1,
    FollowupResumedV1,
    FollowupSendRequestedV1,
    FollowupStartedV1,
    FollowupStoppedV1,
)
from persona_contracts.impact import PERSONA_IMPACT_SUBJECT, PersonaImpactV1, PersonaUsesV1
from persona_contracts.knowledge import (
    KNOWLEDGE_SEARCH_SUBJECT,
    KnowledgeFailedV1,
    KnowledgeFoundV1,
    KnowledgeReadyV1,
    KnowledgeRemovedV1,
    KnowledgeSearchV1,
)
from persona_contracts.lead import LeadErasedV1, LeadOutcomeV1, LeadRepliedV1
from persona_contracts.message import MessageFailedV1, MessageSentV1
from persona_contracts.persona import (
    PersonaCreatedV1,
    PersonaDeletedV1,
    PersonaErasedV1,
    PersonaUndeletedV1,
    PersonaUpdatedV1,
    ResolvedPersona,
)
from persona_contracts.state import CampaignState, StateKind, Tombstone, WorkspaceState
from persona_contracts.voice import (
    VoiceAgentFailedV1,
    VoiceAgentReadyV1,
    VoiceConversationEndedV1,
    VoiceSetupRequestedV1,
    VoiceVoiceReplacedV1,
)
from persona_contracts.workspace import AssignmentChangedV1, WorkspaceErasedV1, WorkspaceUpdatedV1

EVENTS: tuple[type[Event], ...] = (
    LeadRepliedV1,
    LeadOutcomeV1,
    LeadErasedV1,
    CampaignSyncedV1,
    CampaignRemovedV1,
    FileUploadedV1,
    FileDeletedV1,
    MessageSentV1,
    MessageFailedV1,
    PersonaCreatedV1,
    PersonaUpdatedV1,
    PersonaDeletedV1,
    PersonaUndeletedV1,
    PersonaErasedV1,
    WorkspaceUpdatedV1,
    WorkspaceErasedV1,
    AssignmentChangedV1,
    DraftCreatedV1,
    DraftFailedV1,
    DraftApprovedV1,
    DraftRejectedV1,
    DraftSupersededV1,
    FollowupStartedV1,
    FollowupSendRequestedV1,
    FollowupBlockedV1,
    FollowupPausedV1,
    FollowupResumedV1,
    FollowupCompletedV1,
    FollowupStoppedV1,
    KnowledgeReadyV1,
    KnowledgeFailedV1,
    KnowledgeRemovedV1,
    VoiceSetupRequestedV1,
    VoiceAgentReadyV1,
    VoiceAgentFailedV1,
    VoiceVoiceReplacedV1,
    VoiceConversationEndedV1,
    ChatMessageCompletedV1,
    ChatFeedbackV1,
    ChatUnansweredV1,
    ChatGapAnsweredV1,
)
"""Every event of this version, in the order of events.md."""

STATES: dict[StateKind, type[BaseModel]] = {
    "persona": ResolvedPersona,
    "workspace": WorkspaceState,
    "campaign": CampaignState,
}
"""The state document of each kind; any of them can be followed by a Tombstone."""

TOMBSTONE = "persona-state.tombstone.v1"
KNOWLEDGE_REQUEST = KNOWLEDGE_SEARCH_SUBJECT.replace(".v1", ".request.v1")
KNOWLEDGE_RESPONSE = KNOWLEDGE_SEARCH_SUBJECT.replace(".v1", ".response.v1")
IMPACT_REQUEST = PERSONA_IMPACT_SUBJECT.replace(".v1", ".request.v1")
IMPACT_RESPONSE = PERSONA_IMPACT_SUBJECT.replace(".v1", ".response.v1")


def event_name(event: type[Event]) -> str:
    """Return the subject of `event` without the workspace, such as `lead.replied.v1`."""
    return f"{event.event_type}.v{event.event_version}"


def state_name(kind: StateKind) -> str:
    """Return the name of the schema of one kind of state document."""
    return f"persona-state.{kind}.v1"


DOCUMENTS: dict[str, type[BaseModel]] = {
    **{event_name(event): event for event in EVENTS},
    **{state_name(kind): model for kind, model in STATES.items()},
    TOMBSTONE: Tombstone,
    KNOWLEDGE_REQUEST: KnowledgeSearchV1,
    KNOWLEDGE_RESPONSE: KnowledgeFoundV1,
    IMPACT_REQUEST: PersonaImpactV1,
    IMPACT_RESPONSE: PersonaUsesV1,
}
"""Everything with a schema in `schemas/`."""
