"""Every write of every service stands in its audit trail."""

import asyncio
from importlib import import_module

import httpx
import pytest
from every_service import SERVICES
from fastapi.routing import APIRoute
from service_kit.identity import entry_of
from service_kit.routing import ApiRoute, _open, _recorder
from tenant import Tenant

CHANGE_NOTHING = {
    "acceptReply",
    "createCompletion",
    "lintTemplate",
    "previewSequence",
    "previewVoice",
    "searchKnowledge",
    "speakText",
    "testAgents",
    "testPrompts",
    "validatePrompt",
}
"""They read, ask a vendor, or hand on an event that is kept itself."""
WITHOUT_TOKEN = {"answerFunctionCall", "answerFunctionCallOfBody", "login", "recordCall"}
"""What the speech vendor sends, which nobody of a workspace does, and who signs in."""
OUTSIDE = {"removeOrphanAgent", "startVoiceSession"}
"""What changes something at the vendor's alone: the row has its own transaction."""


def writing_routes(service):
    api = import_module(f"{service}.entrypoints.http").API
    return [
        route
        for router in api.routers
        for route in router.routes
        if isinstance(route, APIRoute) and route.methods - {"GET", "HEAD"}
    ]


def calls(dependant):
    return {dependant.call}.union(*(calls(inner) for inner in dependant.dependencies))


@pytest.mark.parametrize("service", SERVICES)
def test_every_writing_route_tells_the_trail_in_its_transaction(service):
    for route in writing_routes(service):
        name = route.operation_id or route.endpoint.__name__
        if name in WITHOUT_TOKEN or not route.include_in_schema:
            continue
        assert isinstance(route, ApiRoute), name
        entry = entry_of(route.dependant, route.path_format)
        assert entry.changes_nothing == (name in CHANGE_NOTHING), name
        told = calls(route.dependant) & {_open, _recorder}
        assert entry.changes_nothing or bool(told) == (name not in OUTSIDE), name


WRITES = [
    ("persona_svc", "PATCH", "/api/personas/{persona}", {"tone": "calm"}, "persona.update"),
    ("persona_svc", "PUT", "/api/workspace/settings", {"ai_goals": "more"}, None),
    ("persona_svc", "POST", "/api/keys", {"name": "a", "role": "viewer"}, "key.create"),
    ("draft_svc", "POST", "/api/drafts/{draft}/regenerate", None, "draft.regenerate"),
    ("followup_svc", "PUT", "/api/followup-settings", {"time_zone": "Europe/Rome"}, None),
    ("followup_svc", "POST", "/api/sequences/{sequence}/clone", {}, "sequence.clone"),
    ("followup_svc", "POST", "/api/instances/{instance}/stop", None, "instance.stop"),
    ("followup_svc", "POST", "/api/suppressions", {"lead_id": "audited"}, None),
    ("ingest_svc", "PUT", "/api/personas/{persona}/files/{file}/tags", {"tags": ["a"]}, None),
    ("ingest_svc", "DELETE", "/api/personas/{persona}/files/{file}", None, "file.delete"),
    ("voice_svc", "POST", "/api/personas/{persona}/voice/setup", None, None),
    ("voice_svc", "POST", "/api/agents/update", {"persona_ids": ["{persona}"]}, None),
]


@pytest.fixture(scope="module")
def writer(apis, apis_nats_url):
    tenant = Tenant("audited", apis)
    asyncio.run(tenant.furnish(apis_nats_url, "audited"))
    return tenant


def filled(text, ids):
    for name, entity_id in ids.items():
        text = text.replace(f"{{{name}}}", entity_id)
    return text


def newest(tenant, service):
    return tenant.done(service, "GET", "/api/audit?limit=1")["items"]


def test_a_write_is_found_with_its_actor_role_and_thing(writer):
    for service, method, path, body, action in WRITES:
        before = newest(writer, service)
        more = {} if body is None else {"json": body}
        if body and "persona_ids" in body:
            more = {"json": {"persona_ids": [writer.ids["persona"]]}}
        key, key_id = writer.key()
        before = newest(writer, service) if service == "persona_svc" else before
        credential = None if path == "/api/keys" else key
        answer = writer.call(
            service,
            method,
            filled(path, writer.ids),
            credential=credential,
            headers={"If-Match": "*"},
            **more,
        )
        assert answer.is_success, (path, answer.text)
        (entry,) = newest(writer, service)
        assert [entry] != before, path
        expected = f"key:{key_id}" if credential else "tester"
        assert (entry["actor"], entry["role"]) == (expected, "admin"), path
        if action is not None:
            assert entry["action"] == action


def test_uploads_are_told_in_the_transaction_of_their_rows(writer):
    path = f"/api/personas/{writer.ids['persona']}/files"
    uploaded = writer.call("ingest_svc", "POST", path, files={"files": ("a.txt", b"audited")})
    assert uploaded.is_success
    (entry,) = newest(writer, "ingest_svc")
    assert (entry["action"], entry["entity"]) == ("files.upload", "persona")


@pytest.mark.parametrize("service", SERVICES)
def test_the_probes_say_service_version_and_commit(apis, service):
    for path in ("/livez", "/readyz"):
        told = httpx.get(f"{apis[service].url}{path}").json()
        assert told["service"] == service.replace("_", "-")
        assert told["version"] not in {"", "unknown"}
        assert told["commit"] == "unknown"
