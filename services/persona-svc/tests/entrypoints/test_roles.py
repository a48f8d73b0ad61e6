"""Who may do what: every write is an admin's."""

import re

import pytest

ID = "0199b3c4-7d1e-7001-8a2b-5c6d7e8f9a0b"
SOME = f"/api/personas/{ID}"
TEMPLATE = "sales"
MATCH_ANY = {"If-Match": "*"}
WRITES = [
    ("POST", f"{SOME}/undelete", {}),
    ("POST", "/api/personas", {"json": {"name": "Anna"}}),
    ("PATCH", SOME, {"json": {"tone": "calm"}, "headers": MATCH_ANY}),
    ("DELETE", SOME, {"headers": MATCH_ANY}),
    ("PUT", f"{SOME}/settings", {"json": {"temperature": 0.5}}),
    ("PUT", f"{SOME}/voice/settings", {"json": {"name": "Rachel"}}),
    ("POST", f"{SOME}/default", {}),
    ("POST", f"{SOME}/clone", {"json": {}}),
    ("POST", f"{SOME}/versions/1/restore", {}),
    ("POST", f"{SOME}/prompts/rag/main/versions", {"json": {"content": "Quote."}}),
    ("PUT", f"{SOME}/prompts/{ID}/activate", {}),
    ("POST", f"{SOME}/prompts/versions/{ID}/approve", {}),
    ("POST", f"{SOME}/prompts/versions/{ID}/gate", {"json": {"outcome": "passed"}}),
    ("POST", f"{SOME}/prompts/recover", {"json": {"layer": "rag"}}),
    ("POST", f"{SOME}/prompts/from-template", {"json": {"templateName": "custom"}}),
    (
        "PUT",
        f"/api/prompt-templates/{TEMPLATE}",
        {"json": {"title": "A", "system": "A.", "rag": "A.", "user": "A."}},
    ),
    ("POST", f"/api/prompt-templates/{TEMPLATE}/apply", {"json": {"persona_ids": [ID]}}),
    ("POST", f"{SOME}/prompts/clone", {"json": {"sourcePersonaId": ID}}),
    ("POST", "/api/personas/ensure-default", {}),
    ("POST", "/api/personas/import", {"params": {"starter": "formal-professional"}}),
    ("PUT", "/api/workspace/settings", {"json": {"ai_tone": "calm"}}),
    ("PUT", "/api/workspace/models", {"json": {"allowed": ["small"]}}),
    ("POST", "/api/workspace/models/versions/1/restore", {}),
    ("POST", f"/api/dead-letters/{ID}/replay", {}),
    ("PUT", "/api/campaigns/spring/persona", {"json": {"persona_id": None}}),
    (
        "POST",
        "/api/campaigns/assignments",
        {"json": {"assignments": [{"campaign_id": "spring", "persona_id": None}]}},
    ),
    ("POST", "/api/keys", {"json": {"name": "shop", "role": "viewer"}}),
    ("DELETE", f"/api/keys/{ID}", {}),
]


@pytest.mark.parametrize("role", ["viewer", "editor"])
@pytest.mark.parametrize(
    ("method", "path", "request_"), WRITES, ids=[f"{m} {p}" for m, p, _ in WRITES]
)
async def test_only_an_admin_writes(api, workspace_id, role, method, path, request_):
    async with api.client(workspace_id, role) as client:
        refused = await client.request(method, path, **request_)
    assert refused.status_code == 403, refused.text
    assert refused.json()["type"] == "urn:dramatis:problem:role-too-low"


async def test_these_are_all_the_writes_there_are(api, workspace_id):
    async with api.client(workspace_id) as client:
        paths = (await client.get("/openapi.json")).json()["paths"]
    known = {(method, path) for method, path, _ in WRITES}
    routes = {
        (method.upper(), filled(path))
        for path, operations in paths.items()
        for method in operations.keys() - {"get", "head", "parameters"}
    }
    assert routes - CHANGE_NOTHING == known


CHANGE_NOTHING = {("POST", f"{SOME}/prompts/validate")}
PARTS = {
    "version": "1",
    "campaign_id": "spring",
    "layer": "rag",
    "name": "main",
    "template_id": TEMPLATE,
}


def filled(path):
    """Return the address of a route as `WRITES` has it."""
    return re.sub(r"{(\w+)}", lambda part: PARTS.get(part[1], ID), path)
