"""The state documents of PERSONA_STATE up to one position, by workspace."""

import logging
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Final, Generic, NamedTuple, TypeVar, cast
from uuid import UUID

from persona_contracts import (
    CampaignState,
    Document,
    ResolvedPersona,
    StateKind,
    WorkspaceState,
    state_subject,
)

from persona_client.changes import Change
from persona_client.resolution import WorkspaceView

_ID: Final = r"[A-Za-z0-9_-]{1,64}"
_SUBJECT: Final = re.compile(rf"persona-state\.v1\.({_ID})\.(persona|workspace|campaign)\.({_ID})")

KeyT = TypeVar("KeyT", str, UUID)
DocumentT = TypeVar("DocumentT", bound=Document)

log = logging.getLogger(__name__)


class _Head(Document):
    """What every state document and tombstone has: parsed at once, the rest at first use."""

    revision: int
    deleted: bool = False


class Stored(NamedTuple):
    """A document as it came from the wire."""

    revision: int
    deleted: bool
    body: bytes


class Documents(Mapping[KeyT, DocumentT], Generic[KeyT, DocumentT]):
    """Documents of one kind in one workspace, decoded at first use.

    A document that cannot be decoded is logged once and is then missing, like a deleted one.
    """

    def __init__(self, model: type[DocumentT], label: str) -> None:
        self._model = model
        self._label = label
        self._stored: dict[KeyT, Stored] = {}
        self._decoded: dict[KeyT, DocumentT] = {}
        self._count = 0

    def put(self, key: KeyT, new: Stored) -> bool:
        """Keep `new` if its revision is higher than the known one; return whether it was.

        Raises:
            ValueError: it cannot be decoded and would have replaced one that is known.
        """
        known = self._stored.get(key)
        if known is not None:
            if new.revision <= known.revision:
                return False
            if not new.deleted:
                self._model.model_validate_json(new.body)
            self._count -= not known.deleted
        self._count += not new.deleted
        self._stored[key] = new
        self._decoded.pop(key, None)
        return True

    def stored(self) -> list[tuple[KeyT, Stored]]:
        """Return everything, tombstones too, as it is now."""
        return list(self._stored.items())

    def __getitem__(self, key: KeyT) -> DocumentT:
        document = self._decoded.get(key)
        if document is None:
            document = self._decoded[key] = self._decode(key)
        return document

    def _decode(self, key: KeyT) -> DocumentT:
        stored = self._stored[key]
        if stored.deleted:
            raise KeyError(key)
        try:
            return self._model.model_validate_json(stored.body)
        except ValueError:
            # Forgotten, so that the same revision can come again in a readable form.
            del self._stored[key]
            self._count -= 1
            log.warning("state document %s.%s cannot be decoded: skipped", self._label, key)
            raise KeyError(key) from None

    def __iter__(self) -> Iterator[KeyT]:
        return (key for key, stored in self.stored() if not stored.deleted)

    def __len__(self) -> int:
        return self._count


class _Workspace:
    def __init__(self, workspace_id: str) -> None:
        self.revision = 0
        self.announced = 0
        """Once the stream has been read to its end, nothing of up to this revision is missing."""
        self.complete = 0
        """Nothing of up to this revision is missing."""
        self.personas = Documents[UUID, ResolvedPersona](ResolvedPersona, f"{workspace_id}.persona")
        self.settings = Documents[str, WorkspaceState](WorkspaceState, f"{workspace_id}.workspace")
        self.campaigns = Documents[str, CampaignState](CampaignState, f"{workspace_id}.campaign")

    def put(self, kind: StateKind, entity_id: str, stored: Stored) -> bool:
        if kind == "persona":
            return self.personas.put(UUID(entity_id), stored)
        if kind == "campaign":
            return self.campaigns.put(entity_id, stored)
        return self.settings.put(entity_id, stored)

    @property
    def document_count(self) -> int:
        return len(self.personas) + len(self.settings) + len(self.campaigns)

    def stored(self) -> Iterator[tuple[StateKind, str, Stored]]:
        for persona_id, stored in self.personas.stored():
            yield "persona", str(persona_id), stored
        for campaign_id, stored in self.campaigns.stored():
            yield "campaign", campaign_id, stored
        for workspace_id, stored in self.settings.stored():
            yield "workspace", workspace_id, stored


class Contents:
    """What one PERSONA_STATE stream (told apart by its creation time) held up to `last_seq`."""

    def __init__(
        self, stream_created: str, last_seq: int, only: Collection[str] | None = None
    ) -> None:
        """Start empty; documents of workspaces not in `only` will be left out."""
        self.stream_created = stream_created
        self.last_seq = last_seq
        self._only = only
        self._workspaces: dict[str, _Workspace] = {}
        self._announcing: set[str] = set()

    def apply(self, subject: str, body: bytes, complete: int | None = None) -> Change | None:
        """Take one document; return what has changed by it.

        A lower revision than the known one changes nothing. What cannot be read is logged, with
        its subject, and skipped. Subjects of kinds yet unknown are ignored. `complete` is the
        revision up to which the stream had everything when the document was sent; None if the
        sender did not say so: then the document's own counts.
        """
        match = _SUBJECT.fullmatch(subject)
        if match is None or (self._only is not None and match[1] not in self._only):
            return None
        workspace_id, kind, entity_id = match[1], cast("StateKind", match[2]), match[3]
        workspace = self._workspaces.get(workspace_id)
        if workspace is None:
            workspace = self._workspaces[workspace_id] = _Workspace(workspace_id)
        try:
            head = _Head.model_validate_json(body)
            stored = Stored(head.revision, head.deleted, body)
            self._announce(workspace_id, head.revision if complete is None else complete)
            if not workspace.put(kind, entity_id, stored):
                return None
        except ValueError:
            log.warning("state document %s cannot be decoded: skipped", subject)
            return None
        workspace.revision = max(workspace.revision, head.revision)
        return Change(workspace_id, kind, entity_id, head.revision, head.deleted)

    def _announce(self, workspace_id: str, complete: int) -> None:
        workspace = self._workspaces[workspace_id]
        if complete > workspace.announced:
            workspace.announced = complete
            self._announcing.add(workspace_id)

    def reached_end(self) -> None:
        """Take note that the stream has been read to its end: what was announced is here."""
        for workspace_id in self._announcing:
            workspace = self._workspaces[workspace_id]
            workspace.complete = workspace.announced
        self._announcing.clear()

    def forget_announced(self) -> None:
        """Take note that the rest of the stream is lost: what was announced may not have come."""
        for workspace_id in self._announcing:
            workspace = self._workspaces[workspace_id]
            workspace.announced = workspace.complete
        self._announcing.clear()

    def complete(self, workspace_id: str) -> int:
        """Return the revision of a workspace up to which nothing is missing; 0 if unknown."""
        workspace = self._workspaces.get(workspace_id)
        return 0 if workspace is None else workspace.complete

    def restore_complete(self, revisions: Mapping[str, int]) -> None:
        """Take what `complete_revisions` returned of the same documents, and what they announce."""
        for workspace_id in revisions.keys() & self._workspaces.keys():
            self._announce(workspace_id, revisions[workspace_id])
        self.reached_end()

    def complete_revisions(self) -> dict[str, int]:
        """Return, for every workspace, the revision up to which nothing is missing."""
        return {name: workspace.complete for name, workspace in self._workspaces.items()}

    def view(self, workspace_id: str) -> WorkspaceView:
        """Return what is known about one workspace; nothing at all if it is unknown."""
        workspace = self._workspaces.get(workspace_id) or _Workspace(workspace_id)
        return WorkspaceView(
            workspace=workspace.settings.get(workspace_id),
            personas=workspace.personas,
            campaigns=workspace.campaigns,
        )

    def revision(self, workspace_id: str) -> int:
        """Return the highest revision applied for a workspace; 0 if there is none."""
        workspace = self._workspaces.get(workspace_id)
        return 0 if workspace is None else workspace.revision

    def changes_since(self, earlier: "Contents") -> Iterator[Change]:
        """Yield what differs from `earlier` contents, perhaps of another stream."""
        before: dict[tuple[str, StateKind, str], int] = {
            (name, kind, entity_id): stored.revision
            for name, workspace in earlier.workspaces()
            for kind, entity_id, stored in workspace.stored()
        }
        for name, workspace in self.workspaces():
            for kind, entity_id, stored in workspace.stored():
                if before.pop((name, kind, entity_id), 0) != stored.revision:
                    yield Change(name, kind, entity_id, stored.revision, stored.deleted)
        for gone in before:
            yield Change(*gone, revision=0, deleted=True)

    def workspaces(self) -> list[tuple[str, _Workspace]]:
        """Return the workspaces there are now."""
        return list(self._workspaces.items())

    def stored(self) -> Iterator[tuple[str, Stored]]:
        """Yield (subject, document), tombstones too; the contents may change meanwhile."""
        for workspace_id, workspace in self.workspaces():
            for kind, entity_id, stored in workspace.stored():
                yield state_subject(workspace_id, kind, entity_id), stored

    @property
    def position(self) -> tuple[str, int]:
        """Which stream this is, and how far it has been read."""
        return self.stream_created, self.last_seq

    def subjects(self) -> set[str]:
        """Return the subjects of everything stored."""
        return {subject for subject, _ in self.stored()}

    @property
    def document_count(self) -> int:
        """How many documents there are, without tombstones."""
        return sum(workspace.document_count for workspace in self._workspaces.values())
