"""The documents of the stream PERSONA_STATE (events.md §4); a persona is a ResolvedPersona."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from persona_contracts.event import Document
from persona_contracts.types import AnyChannel, SubjectId
from persona_contracts.workspace import WorkspaceSettings

COMPLETE_HEADER = "Dramatis-Complete"
"""NATS header: up to this revision of its workspace the stream has everything, ending with this."""
StateKind = Literal["persona", "workspace", "campaign"]


class WorkspaceState(WorkspaceSettings):
    """Subject `persona-state.v1.<workspace_id>.workspace.<workspace_id>`."""

    revision: int = Field(ge=1)


class CampaignState(Document):
    """Subject `persona-state.v1.<workspace_id>.campaign.<campaign_id>`; assigned campaigns only.

    The campaign's general assignment stands under `any` and under every channel without its
    own, so that a reader who does not know `any` resolves the same.
    """

    campaign_id: SubjectId
    name: str
    assignments: dict[AnyChannel, UUID] = Field(default_factory=dict)
    revision: int = Field(ge=1)


class Tombstone(Document):
    """What is left of a deleted entity."""

    deleted: Literal[True] = True
    revision: int = Field(ge=1)


def state_subject(workspace_id: str, kind: StateKind, entity_id: str) -> str:
    """Return the subject that holds the last document of one entity."""
    return f"persona-state.v1.{workspace_id}.{kind}.{entity_id}"
