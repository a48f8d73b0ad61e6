"""The tables of persona-svc. Rules that the database can keep are constraints in the migration."""

from datetime import datetime
from typing import Any
from uuid import UUID

from service_kit.store import Base, OwnedByWorkspace
from sqlalchemy import ARRAY, BigInteger, Identity, String, Uuid, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column


class WorkspaceRow(Base):
    """A workspace: its counter, its default persona, and the settings older than personas.

    Every command locks this row first, so that commands on one workspace follow each other.
    """

    __tablename__ = "workspace"

    workspace_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    revision: Mapped[int] = mapped_column(default=0)
    default_persona_id: Mapped[UUID | None]
    settings: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    settings_revision: Mapped[int] = mapped_column(default=0)
    """The revision at which default or settings last changed; 0: never."""


class PersonaRow(OwnedByWorkspace, Base):
    """A persona's own fields, as `domain.persona` knows them; deleted ones stay."""

    __tablename__ = "persona"

    persona_id: Mapped[UUID] = mapped_column(primary_key=True)
    name_key: Mapped[str]
    """What must be unique among the living personas of a workspace."""
    parent_id: Mapped[UUID | None]
    fields: Mapped[dict[str, Any]] = mapped_column(JSONB)
    version: Mapped[int]
    revision: Mapped[int]
    created_by: Mapped[str]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]
    erase_after: Mapped[datetime | None]
    """When the retention of a deleted one ends."""
    deleted_by: Mapped[str | None]


class VersionRow(OwnedByWorkspace, Base):
    """A persona as it was from one change to the next."""

    __tablename__ = "persona_version"

    persona_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    fields: Mapped[dict[str, Any]] = mapped_column(JSONB)
    changed_by: Mapped[str]
    changes_summary: Mapped[str]
    created_at: Mapped[datetime]


class CampaignRow(OwnedByWorkspace, Base):
    """A campaign as the CRM last described it; removed ones stay, to know what is older."""

    __tablename__ = "campaign"

    workspace_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    campaign_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str]
    channel: Mapped[str]
    status: Mapped[str]
    booking_process_id: Mapped[str | None]
    booking_link: Mapped[str | None]
    lead_count: Mapped[int | None]
    updated_at: Mapped[datetime]
    removed: Mapped[bool] = mapped_column(default=False)
    persona_id: Mapped[UUID | None]
    """Who speaks on every channel that has no `assignment`; null means the default."""


class AssignmentRow(OwnedByWorkspace, Base):
    """Which persona speaks in a campaign on one channel; no row means the campaign's."""

    __tablename__ = "assignment"

    workspace_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    campaign_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    channel: Mapped[str] = mapped_column(primary_key=True)
    persona_id: Mapped[UUID]


class ApiKeyRow(OwnedByWorkspace, Base):
    """An API key; revoked ones stay, for KEY_STATE to have their tombstones."""

    __tablename__ = "api_key"

    key_id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    role: Mapped[str]
    persona_ids: Mapped[list[UUID] | None] = mapped_column(ARRAY(Uuid))
    shown: Mapped[str]
    digest: Mapped[str | None]
    created_by: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    revision: Mapped[int] = mapped_column(BigInteger)
    published_revision: Mapped[int] = mapped_column(BigInteger, server_default="0")


class StateDocumentRow(OwnedByWorkspace, Base):
    """The last document of one PERSONA_STATE subject, tombstones included (events.md §4)."""

    __tablename__ = "state_document"

    subject: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    revision: Mapped[int]
    body: Mapped[dict[str, Any]] = mapped_column(JSONB)
    published_revision: Mapped[int] = mapped_column(default=0, server_default="0")
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())


class PromptVersionRow(OwnedByWorkspace, Base):
    """A text that a prompt had, or was to have; the API cannot change it."""

    __tablename__ = "prompt_version"

    version_id: Mapped[UUID] = mapped_column(primary_key=True)
    persona_id: Mapped[UUID]
    layer: Mapped[str]
    name: Mapped[str]
    version: Mapped[int]
    content: Mapped[str]
    content_sha256: Mapped[str]
    author_id: Mapped[str]
    commit_message: Mapped[str | None]
    parent_version_id: Mapped[UUID | None]
    origin: Mapped[str]
    state: Mapped[str]
    errors: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    created_at: Mapped[datetime]


class PromptHeadRow(OwnedByWorkspace, Base):
    """Which version of a prompt is active; none: the prompt is not the persona's own."""

    __tablename__ = "prompt_head"

    persona_id: Mapped[UUID] = mapped_column(primary_key=True)
    layer: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    latest: Mapped[int]
    active_version_id: Mapped[UUID | None]
    revision: Mapped[int]
    """Rises whenever a version is stored or activated."""


class PromptActivationRow(OwnedByWorkspace, Base):
    """One move of the pointer; a null version: the persona gave the prompt up."""

    __tablename__ = "prompt_activation"

    activation_id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    """Rises with time: the workspace is locked."""
    persona_id: Mapped[UUID]
    layer: Mapped[str]
    name: Mapped[str]
    version_id: Mapped[UUID | None]
    previous_version_id: Mapped[UUID | None]
    actor: Mapped[str]
    at: Mapped[datetime]
    why: Mapped[str]
    persona_version: Mapped[int]
    revision: Mapped[int] = mapped_column(BigInteger)


class PromptTemplateRow(OwnedByWorkspace, Base):
    """A version of a workspace's own template of prompts."""

    __tablename__ = "prompt_template"

    workspace_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    template_id: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    description: Mapped[str | None]
    languages: Mapped[list[str]] = mapped_column(JSONB)
    system: Mapped[str]
    rag: Mapped[str]
    user: Mapped[str]
    created_by: Mapped[str]
    created_at: Mapped[datetime]


class PromptGateRow(OwnedByWorkspace, Base):
    """What a version has to pass; the newest one of a version counts."""

    __tablename__ = "prompt_gate"

    gate_id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    persona_id: Mapped[UUID]
    version_id: Mapped[UUID]
    state: Mapped[str]
    deadline: Mapped[datetime]
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    why: Mapped[str | None]


class ModelPolicyRow(OwnedByWorkspace, Base):
    """The settings of models, as they were from a version on; never changed."""

    __tablename__ = "model_policy"

    workspace_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    policy: Mapped[dict[str, Any]] = mapped_column(JSONB)
    changed_by: Mapped[str]
    created_at: Mapped[datetime]
