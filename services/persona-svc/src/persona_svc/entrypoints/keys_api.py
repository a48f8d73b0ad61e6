"""REST: API keys."""

from uuid import UUID

from service_kit.paging import Page, Paging
from service_kit.problem import problem_responses
from service_kit.response_headers import Located
from service_kit.routing import WorkspaceSession, api_router

from persona_svc.adapters import api_keys
from persona_svc.entrypoints.dependencies import Deps, KeyAdmin, ManagingKeys
from persona_svc.entrypoints.schemas.key import CreatedKeyDocument, CreateKeyRequest, KeyDocument
from persona_svc.usecases.create_key import create_key
from persona_svc.usecases.revoke_key import revoke_key

router = api_router("/api/keys", "keys")
FOUND = problem_responses(404)


@router.get("", operation_id="listKeys", summary="List API keys, newest first")
async def list_keys(
    admin: KeyAdmin, session: WorkspaceSession, paging: Paging
) -> Page[KeyDocument]:
    """Return the keys that are not revoked, with their last use."""
    found = await api_keys.page(session, admin.workspace_id, paging.start_after(UUID), paging.rows)
    documents = [KeyDocument.of(key) for key in found]
    return paging.page(documents, lambda document: document.key_id)


@router.post(
    "",
    operation_id="createKey",
    status_code=201,
    summary="Make an API key",
    responses=problem_responses(409),
)
async def create(
    body: CreateKeyRequest, change: ManagingKeys, deps: Deps, response: Located
) -> CreatedKeyDocument:
    """Make a key; `api_key` is shown this once, so this takes no `Idempotency-Key`.

    Every service takes it within a second, as `Authorization: Bearer dramatis_…`.
    """
    key, secret = await create_key(change, body.grant(), deps.pepper)
    response.headers["Location"] = f"/api/keys/{key.key_id}"
    response.headers["Cache-Control"] = "no-store"
    return CreatedKeyDocument(api_key=secret, key=KeyDocument.of(key))


@router.get("/{key_id}", operation_id="getKey", summary="Show an API key", responses=FOUND)
async def show(key_id: UUID, _: KeyAdmin, session: WorkspaceSession) -> KeyDocument:
    """Return what is known of a key."""
    return KeyDocument.of(await api_keys.get(session, key_id))


@router.delete(
    "/{key_id}",
    operation_id="revokeKey",
    status_code=204,
    summary="Revoke an API key",
    responses=FOUND,
)
async def revoke(key_id: UUID, change: ManagingKeys) -> None:
    """Let a key open nothing any more: two seconds later no service takes it."""
    await revoke_key(change, key_id)
