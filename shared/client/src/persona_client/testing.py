"""Rosters for tests of code that uses one, without a broker."""

from collections.abc import Iterable, Mapping

from persona_contracts import (
    CampaignState,
    ResolvedPersona,
    StateKind,
    WorkspaceState,
    is_subject_id,
    state_subject,
)

from persona_client.contents import Contents
from persona_client.roster import Roster

StateDocument = ResolvedPersona | CampaignState | WorkspaceState


def roster_of(documents: Mapping[str, Iterable[StateDocument]]) -> Roster:
    """Return a Roster that knows these documents by workspace, always READY.

    It needs no `async with` and no event loop; entered, it would follow a broker.

    Raises:
        ValueError: something can be no workspace's id.
    """
    contents = Contents("documents", 0)
    for workspace_id, of_workspace in documents.items():
        if not is_subject_id(workspace_id):
            raise ValueError(f"{workspace_id!r} is no workspace id")
        for document in of_workspace:
            subject = state_subject(workspace_id, *_entity(workspace_id, document))
            contents.apply(subject, document.model_dump_json().encode())
    contents.reached_end()
    roster = Roster("nats://127.0.0.1:1", name="roster-of-documents")
    roster.know(contents)
    return roster


def _entity(workspace_id: str, document: StateDocument) -> tuple[StateKind, str]:
    if isinstance(document, ResolvedPersona):
        return "persona", str(document.persona_id)
    if isinstance(document, CampaignState):
        return "campaign", document.campaign_id
    return "workspace", workspace_id
