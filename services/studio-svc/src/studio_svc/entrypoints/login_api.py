"""REST: signing in with a one-time link."""

from fastapi import APIRouter, Request, status
from service_kit.identity import Viewer
from service_kit.problem import problem_responses
from service_kit.response_headers import WithCookie
from service_kit.routing import WorkspaceSession, api_router

from studio_svc.domain.browser_session import Person
from studio_svc.domain.login_code import EmbeddedLoginOnlyError
from studio_svc.entrypoints.cookies import set_cookie
from studio_svc.entrypoints.dependencies import Deps
from studio_svc.entrypoints.schemas import (
    LoginCodeDocument,
    LoginRequest,
    LoginWaysDocument,
    MeDocument,
)
from studio_svc.usecases.make_login_code import make_login_code
from studio_svc.usecases.redeem_login_code import redeem_login_code
from studio_svc.usecases.start_session import start_session

router = APIRouter(prefix="/api/login", tags=["sign-in"], responses=problem_responses(400, 413))
codes = api_router("/api/login-codes", "sign-in")


@router.get("", operation_id="getLoginWays", summary="Tell how people sign in here")
async def ways(deps: Deps) -> LoginWaysDocument:
    """Return the ways; nobody needs to be signed in to ask."""
    return LoginWaysDocument(oidc=deps.oidc is not None, code=deps.settings.profile == "embedded")


@router.post(
    "",
    operation_id="login",
    summary="Sign in with a one-time link",
    responses=problem_responses(403, 408, 415, 422, 503),
)
async def login(
    body: LoginRequest, deps: Deps, request: Request, response: WithCookie
) -> MeDocument:
    """Start a session; its secret comes as a cookie. A code is good once, for 10 minutes."""
    _require_embedded(deps)
    async with deps.store.worker() as session:
        person = await redeem_login_code(session, body.code)
        user_agent = request.headers.get("user-agent", "")
        secret, started = await start_session(session, person, user_agent=user_agent)
    set_cookie(response, deps.settings, secret)
    return MeDocument.of(person.principal, started, await deps.check_services.check())


@codes.post(
    "",
    operation_id="createLoginCode",
    summary="Make a one-time link",
    status_code=status.HTTP_201_CREATED,
    responses=problem_responses(403),
)
async def create_code(
    viewer: Viewer, session: WorkspaceSession, deps: Deps, request: Request
) -> LoginCodeDocument:
    """Make a link that signs one browser in as the caller: the embedded profile only."""
    _require_embedded(deps)
    person = Person(workspace_id=viewer.workspace_id, subject=viewer.subject, role=viewer.role)
    code = await make_login_code(session, person)
    origin = deps.settings.public_url or f"http://{request.headers['host']}"
    return LoginCodeDocument(code=code, url=f"{origin}/login#{code}")


def _require_embedded(deps: Deps) -> None:
    if deps.settings.profile != "embedded":
        raise EmbeddedLoginOnlyError("In production people sign in at their identity provider.")
