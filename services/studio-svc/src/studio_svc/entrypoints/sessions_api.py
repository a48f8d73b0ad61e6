"""REST: who is signed in, and where."""

from uuid import UUID

from fastapi import status
from service_kit.identity import Role, Viewer
from service_kit.paging import Page, Paging
from service_kit.problem import problem_responses
from service_kit.response_headers import WithCookie
from service_kit.routing import WorkspaceSession, api_router

from studio_svc.adapters import browser_sessions
from studio_svc.domain.browser_session import SessionNotFoundError
from studio_svc.entrypoints.cookies import forget_cookie
from studio_svc.entrypoints.dependencies import Deps, OfSession
from studio_svc.entrypoints.schemas import MeDocument, SessionDocument
from studio_svc.usecases.end_session import end_session

router = api_router("/api/sessions", "sessions")
own = api_router("/api", "sessions")


@own.get("/me", operation_id="getMe", summary="Tell who is signed in")
async def me(viewer: Viewer, current: OfSession, deps: Deps) -> MeDocument:
    """Return the caller, role and workspace, and what stands in for the real thing."""
    return MeDocument.of(viewer, current, await deps.check_services.check())


@own.post(
    "/logout",
    operation_id="logout",
    summary="Sign out",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problem_responses(404),
)
async def logout(
    viewer: Viewer, current: OfSession, session: WorkspaceSession, deps: Deps, response: WithCookie
) -> None:
    """End the session that the request comes from."""
    if current is None:
        raise SessionNotFoundError("A token of your own is not a session.")
    await end_session(session, current.session_id, by=viewer)
    forget_cookie(response, deps.settings)


@router.get("", operation_id="listSessions", summary="List where people are signed in")
async def list_sessions(
    viewer: Viewer, current: OfSession, session: WorkspaceSession, paging: Paging
) -> Page[SessionDocument]:
    """Return the caller's sessions, newest first; to an admin those of the whole workspace."""
    whose = None if viewer.role is Role.ADMIN else viewer.subject
    found = await browser_sessions.page(session, whose, paging.start_after(UUID), paging.rows)
    documents = [SessionDocument.of(each, current=current) for each in found]
    return paging.page(documents, lambda document: document.session_id)


@router.delete(
    "/{session_id}",
    operation_id="endSession",
    summary="Sign a browser out",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problem_responses(404),
)
async def end(session_id: UUID, viewer: Viewer, session: WorkspaceSession) -> None:
    """End one of the caller's sessions; an admin may end anybody's in the workspace."""
    await end_session(session, session_id, by=viewer)
