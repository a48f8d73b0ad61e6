"""What routes share."""

from collections.abc import Callable
from typing import Annotated
from uuid import UUID

from fastapi import Depends
from service_kit.preconditions import OptionalIfMatch, etag
from service_kit.response_headers import Tagged
from service_kit.routing import WorkspaceSession, deps_of

from draft_svc.adapters import drafts
from draft_svc.deps import DraftDeps
from draft_svc.domain.draft import Draft, ShownDraft
from draft_svc.entrypoints.schemas import DraftDocument
from draft_svc.usecases.is_outdated import is_outdated

Deps = Annotated[DraftDeps, Depends(deps_of(DraftDeps))]


def document_of(draft: ShownDraft, deps: DraftDeps) -> DraftDocument:
    """Return a draft as it is shown now."""
    return DraftDocument.of(draft, is_outdated=is_outdated(deps.roster, draft))


async def _locked(
    draft_id: UUID, session: WorkspaceSession, deps: Deps, if_match: OptionalIfMatch
) -> Draft:
    draft = await drafts.lock(session, draft_id)
    if_match.require(draft.revision, document_of(draft, deps).model_dump(mode="json"))
    return draft


async def _answer(deps: Deps, response: Tagged) -> Callable[[Draft], DraftDocument]:
    def answer(draft: Draft) -> DraftDocument:
        response.headers["ETag"] = etag(draft.revision)
        return document_of(draft, deps)

    return answer


LockedDraft = Annotated[Draft, Depends(_locked)]
Answer = Annotated[Callable[[Draft], DraftDocument], Depends(_answer)]
"""Makes the answer about one draft, with its ETag."""
