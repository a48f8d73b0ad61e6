"""Signing in at the company's identity provider: there, and back."""

import hmac
from datetime import timedelta
from typing import Final

from fastapi import APIRouter, Request, Response, status
from fastapi.responses import RedirectResponse
from service_kit.errors import NotFoundError, ServiceError
from structlog import get_logger

from studio_svc.adapters.oidc_provider import OidcProvider
from studio_svc.domain.admission import (
    Admission,
    ProviderUnavailableError,
    SignInRefusedError,
)
from studio_svc.domain.browser_session import Person
from studio_svc.domain.return_path import return_path
from studio_svc.domain.secret import new_secret
from studio_svc.entrypoints.cookies import (
    forget_sign_in,
    keep_sign_in,
    set_cookie,
    sign_in_cookie,
)
from studio_svc.entrypoints.dependencies import Deps
from studio_svc.settings import StudioSettings
from studio_svc.usecases.start_session import start_session

PATH: Final = "/login/oidc"
LIFETIME: Final = timedelta(minutes=10)

router = APIRouter(prefix=PATH, include_in_schema=False)
log = get_logger(__name__)


class NoProviderError(NotFoundError):
    """No identity provider is set up here."""

    slug = "no-identity-provider"


@router.get("")
async def begin(deps: Deps, request: Request, return_to: str | None = None) -> Response:
    """Send the browser to the identity provider."""
    provider = _provider(deps)
    begun = {name: new_secret() for name in ("state", "nonce", "verifier")}
    try:
        address = await provider.address(**begun, redirect_uri=_callback(deps, request))
    except ProviderUnavailableError as error:
        return _refused(deps, error)
    kept = deps.signer.seal({**begun, "return_to": return_path(return_to)}, LIFETIME)
    response = RedirectResponse(address, status.HTTP_302_FOUND)
    keep_sign_in(response, deps.settings, kept, LIFETIME)
    return response


@router.get("/callback")
async def end(
    deps: Deps, request: Request, state: str = "", code: str = "", iss: str | None = None
) -> Response:
    """Start a session of who has signed in there, and go on to where they were going."""
    provider = _provider(deps)
    try:
        begun = _begun(deps, request, state)
        _require_answer(deps, code, iss)
        claims = await provider.claims(
            code,
            nonce=begun["nonce"],
            verifier=begun["verifier"],
            redirect_uri=_callback(deps, request),
        )
        person = _admission(deps.settings).admit(claims)
    except (SignInRefusedError, ProviderUnavailableError) as error:
        return _refused(deps, error)
    return await _signed_in(deps, request, person, begun["return_to"])


def _begun(deps: Deps, request: Request, state: str) -> dict[str, str]:
    """Return what was kept when this browser began to sign in."""
    begun = deps.signer.unseal(request.cookies.get(sign_in_cookie(deps.settings), ""))
    if begun is None or not hmac.compare_digest(begun["state"].encode(), state.encode()):
        raise SignInRefusedError("This sign-in was not begun in this browser, or long ago.")
    return begun


def _require_answer(deps: Deps, code: str, issuer: str | None) -> None:
    """Return when the provider that was asked has signed somebody in (RFC 9207)."""
    if not code or issuer not in {None, deps.settings.oidc_issuer}:
        raise SignInRefusedError("The identity provider did not sign anybody in.")


async def _signed_in(deps: Deps, request: Request, person: Person, path: str) -> Response:
    async with deps.store.worker() as session:
        user_agent = request.headers.get("user-agent", "")
        secret, _ = await start_session(session, person, user_agent=user_agent)
    response = RedirectResponse(path, status.HTTP_303_SEE_OTHER)
    set_cookie(response, deps.settings, secret)
    forget_sign_in(response, deps.settings)
    return response


def _refused(deps: Deps, error: ServiceError) -> Response:
    """Go back to the page where people sign in, which says what happened."""
    log.info("sign_in.refused", problem=error.slug, detail=str(error))
    response = RedirectResponse(f"/login?problem={error.slug}", status.HTTP_303_SEE_OTHER)
    forget_sign_in(response, deps.settings)
    return response


def _provider(deps: Deps) -> OidcProvider:
    if deps.oidc is None:
        raise NoProviderError("Set DRAMATIS_STUDIO_OIDC_ISSUER and DRAMATIS_STUDIO_OIDC_CLIENT_ID.")
    return deps.oidc


def _callback(deps: Deps, request: Request) -> str:
    origin = deps.settings.public_url or f"http://{request.headers['host']}"
    return f"{origin}{PATH}/callback"


def _admission(settings: StudioSettings) -> Admission:
    return Admission(
        role_claim=settings.oidc_role_claim,
        roles=settings.oidc_roles,
        workspace_claim=settings.oidc_workspace_claim,
        workspace_id=settings.oidc_workspace,
    )
