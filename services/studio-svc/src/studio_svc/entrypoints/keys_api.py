"""The keys that verify the tokens of this service."""

from fastapi import APIRouter, Response

from studio_svc.entrypoints.dependencies import Deps

router = APIRouter(include_in_schema=False)


@router.get("/.well-known/jwks.json")
async def published_keys(deps: Deps) -> Response:
    """Return the public keys (RFC 7517)."""
    return Response(deps.signer.jwks(), media_type="application/json")
