"""The admin of one workspace asks every route for what belongs to another workspace."""

from dataclasses import dataclass, field
from uuid import uuid4

import pytest
from tenant import SECRET

MATCH_ANY = {"If-Match": "*"}
PERSONA, CAMPAIGN, DRAFT = "/api/personas/{persona}", "/api/campaigns/{campaign}", "/api/drafts"


@dataclass(frozen=True)
class Case:
    """A request in which `{persona}`, `{campaign}` and `{draft}` stand for ids."""

    route: str
    path: str
    status: int = 404
    json: object = None
    more: dict = field(default_factory=dict)


def case(route, path=None, status=404, json=None, **more):
    return Case(route, path or route.partition(" ")[2], status, json, more)


def persona(method, path="", **more):
    """A case under one persona of the other workspace."""
    route = f"{method} /api/personas/{{persona_id}}{path}"
    filled = path.replace("{version}", "1").replace("{other}", "1")
    return case(route, f"{PERSONA}{filled}", **more)


# Everywhere else `status` is 404: another workspace's id is one that does not exist. Routes without
# an id answer with the asking workspace's own data, and a list filtered by a foreign id is empty.
def prompt(method, path="", **more):
    """A case under the prompts of the other workspace's persona."""
    route = f"{method} /api/personas/{{persona_id}}/prompts{path}"
    filled = path.replace("{layer}/{name}", "system/main").replace("{other}", "{prompt}")
    return case(route, f"{PERSONA}/prompts{filled.replace('{version_id}', '{prompt}')}", **more)


OWN_PROMPTS = "/api/personas/{own_persona}/prompts"
PROMPT_CASES = [
    prompt("GET"),
    prompt("GET", "/{layer}/{name}/versions"),
    prompt("POST", "/{layer}/{name}/versions", json={"content": "stolen"}),
    prompt("GET", "/versions/{version_id}"),
    case(
        "GET /api/personas/{persona_id}/prompts/versions/{version_id}",
        f"{OWN_PROMPTS}/versions/{{prompt}}",
    ),
    prompt("GET", "/versions/{version_id}/diff/{other}"),
    case(
        "GET /api/personas/{persona_id}/prompts/versions/{version_id}/diff/{other}",
        f"{OWN_PROMPTS}/versions/{{prompt}}/diff/{{prompt}}",
    ),
    prompt("PUT", "/{version_id}/activate"),
    case(
        "PUT /api/personas/{persona_id}/prompts/{version_id}/activate",
        f"{OWN_PROMPTS}/{{prompt}}/activate",
    ),
    prompt("POST", "/versions/{version_id}/approve"),
    prompt("GET", "/versions/{version_id}/gate"),
    case(
        "GET /api/personas/{persona_id}/prompts/versions/{version_id}/gate",
        f"{OWN_PROMPTS}/versions/{{prompt}}/gate",
    ),
    prompt("POST", "/versions/{version_id}/gate", json={"outcome": "passed"}),
    prompt("POST", "/recover", json={"layer": "system"}),
    prompt("POST", "/validate", json={"layer": "system", "content": "mine"}),
    prompt("POST", "/from-template", json={"templateName": "custom"}),
    case(
        "POST /api/personas/{persona_id}/prompts/from-template",
        f"{OWN_PROMPTS}/from-template",
        json={"templateName": "template_of_other"},
        status=422,
    ),
    prompt("GET", "/template-update"),
    case("GET /api/prompt-templates", status=200),
    case(
        "POST /api/prompt-templates/{template_id}/apply",
        "/api/prompt-templates/template_of_other/apply",
        json={"persona_ids": ["{own_persona}"]},
    ),
    case(
        "POST /api/prompt-templates/{template_id}/apply",
        "/api/prompt-templates/custom/apply",
        json={"persona_ids": ["{persona}"]},
        status=200,
    ),
    case("GET /api/prompt-templates/{template_id}", "/api/prompt-templates/template_of_other"),
    case(
        "PUT /api/prompt-templates/{template_id}",
        "/api/prompt-templates/mine",
        json={"title": "Mine", "system": "Mine.", "rag": "Mine.", "user": "Mine."},
        status=200,
    ),
    prompt("POST", "/clone", json={"sourcePersonaId": "{own_persona}"}),
    case(
        "POST /api/personas/{persona_id}/prompts/clone",
        f"{OWN_PROMPTS}/clone",
        json={"sourcePersonaId": "{persona}"},
    ),
]
PERSONA_CASES = [
    case("GET /api/personas", status=200),
    case("GET /api/personas", f"/api/personas?search={SECRET}", status=200),
    case("GET /api/personas", "/api/personas?view=summary&sort=name", status=200),
    case("GET /api/personas", "/api/personas?deleted=true", status=200),
    case("POST /api/personas", json={"name": "Child", "parent_id": "{persona}"}, status=422),
    case("POST /api/personas/ensure-default", status=200),
    case("POST /api/personas/import", content="---\nname: Brought\n---\n", status=201),
    persona("GET"),
    persona("PATCH", json={"tone": "stolen"}, headers=MATCH_ANY),
    persona("DELETE", headers=MATCH_ANY),
    persona("PUT", "/settings", json={"voiceId": "stolen"}),
    persona("PUT", "/voice/settings", json={"voice_id": "stolen"}),
    persona("GET", "/resolved"),
    persona("GET", "/export"),
    persona("GET", "/versions"),
    persona("GET", "/versions/{version}"),
    persona("GET", "/versions/{version}/diff/{other}"),
    persona("POST", "/versions/{version}/restore"),
    *PROMPT_CASES,
    case("GET /api/personas/deleted", status=200),
    persona("POST", "/undelete"),
    persona("GET", "/impact"),
    persona("POST", "/default"),
    persona("POST", "/clone", json={}),
    case("GET /api/workspace/models", status=200),
    case("GET /api/workspace/models/versions", status=200),
    case(
        "POST /api/workspace/models/versions/{version}/restore",
        "/api/workspace/models/versions/999/restore",
    ),
    case("PUT /api/workspace/models", json={"chat": "mine"}, status=200),
    case("GET /api/workspace/settings", status=200),
    case("PUT /api/workspace/settings", json={"ai_goals": "mine"}, status=200),
    case("GET /api/campaigns", status=200),
    case(
        "PUT /api/campaigns/{campaign_id}/persona",
        f"{CAMPAIGN}/persona",
        json={"persona_id": None},
    ),
    case(
        "PUT /api/campaigns/{campaign_id}/persona",
        "/api/campaigns/campaign-asking/persona",
        json={"persona_id": "{persona}"},
        status=422,
    ),
    case(
        "POST /api/campaigns/assignments",
        json={"assignments": [{"campaign_id": "{campaign}", "persona_id": None}]},
    ),
    case(
        "GET /api/resolve",
        "/api/resolve?campaign_id={campaign}&sequence_persona_id={persona}&explain=true",
        status=200,
    ),
    case("GET /api/starters", status=200),
    case("GET /api/keys", status=200),
    case(
        "POST /api/keys",
        json={"name": "k", "role": "viewer", "persona_ids": ["{persona}"]},
        status=422,
    ),
    case("GET /api/keys/{key_id}", "/api/keys/{key}"),
    case("DELETE /api/keys/{key_id}", "/api/keys/{key}"),
]
REPLY = {
    "workspace_id": "other",
    "message_id": "m",
    "lead_id": "l",
    "channel": "email",
    "received_at": "2026-11-20T09:00:00Z",
    "body_text": "What does it cost?",
}
DRAFT_CASES = [
    case("GET /api/drafts", status=200),
    case("GET /api/drafts", f"/api/drafts?lead_id=lead-{SECRET}", status=200),
    case("GET /api/drafts", f"/api/drafts?message_id=message-{SECRET}", status=200),
    case("GET /api/drafts", "/api/drafts?campaign_id={campaign}", status=200),
    case("GET /api/drafts/{draft_id}", "/api/drafts/{draft}"),
    case("GET /api/drafts/{draft_id}/reply", "/api/drafts/{draft}/reply"),
    *(
        case(f"POST /api/drafts/{{draft_id}}/{verb}", f"/api/drafts/{{draft}}/{verb}", json=body)
        for verb, body in (("approve", {}), ("reject", {}), ("regenerate", None))
    ),
    case("POST /api/replies", json=REPLY, status=422),
]
FILES = "/files"


def file(method, path="", **more):
    """A case under one file of the other workspace's persona; its id is secret, too."""
    route = f"{method} /api/personas/{{persona_id}}/files/{{file_id}}{path}"
    return case(route, f"{PERSONA}/files/{{file}}{path}", **more)


INGEST_CASES = [
    persona("GET", FILES),
    persona("POST", FILES, files={"files": ("mine.txt", b"mine")}),
    persona("POST", "/files/delete", json={"file_ids": ["{file}"]}),
    case(
        "POST /api/personas/{persona_id}/files/delete",
        "/api/personas/{own_persona}/files/delete",
        json={"file_ids": ["{file}"]},
        status=200,
    ),
    file("GET"),
    case(
        "GET /api/personas/{persona_id}/files/{file_id}",
        "/api/personas/{own_persona}/files/{file}",
    ),
    file("GET", "/status"),
    file("GET", "/chunks"),
    file("GET", "/original"),
    file("PUT", "/tags", json={"tags": ["stolen"]}),
    file("POST", "/retry"),
    file("DELETE"),
    persona("GET", "/knowledge"),
    case("GET /api/knowledge/counts", "/api/knowledge/counts?persona_id={persona}", status=200),
    persona("POST", "/knowledge/search", json={"query": SECRET}),
    case(
        "POST /api/personas/{persona_id}/knowledge/search",
        "/api/personas/{own_persona}/knowledge/search",
        json={"query": SECRET},
        status=200,
    ),
]
SEQUENCE, INSTANCE = "/api/sequences/{sequence}", "/api/instances/{instance}"
STEPS = [{"delay": {"amount": 1, "unit": "days"}, "body": "Hi {firstName}."}]


def sequence(method, path="", **more):
    """A case under one sequence of the other workspace."""
    route = f"{method} /api/sequences/{{sequence_id}}{path}"
    return case(route, f"{SEQUENCE}{path.replace('{version}', '1')}", **more)


def instance(method, path="", **more):
    """A case under one instance of the other workspace."""
    return case(f"{method} /api/instances/{{instance_id}}{path}", f"{INSTANCE}{path}", **more)


FOLLOWUP_CASES = [
    case("GET /api/sequences", status=200),
    case("POST /api/sequences", json={"name": "Mine", "steps": STEPS}, status=201),
    sequence("GET"),
    sequence("PUT", json={"name": "Stolen", "steps": STEPS}),
    sequence("DELETE"),
    sequence("POST", "/clone", json={}),
    sequence("GET", "/versions"),
    sequence("GET", "/versions/{version}"),
    sequence("POST", "/preview", json={}),
    sequence("POST", "/instances", json={"leads": [{"lead_id": "mine"}]}),
    case("POST /api/templates/lint", json={"template": "{signature}"}, status=200),
    case("GET /api/templates/refused", status=200),
    case("GET /api/tokens", status=200),
    case("GET /api/instances", status=200),
    case("GET /api/instances", "/api/instances?sequence_id={sequence}", status=200),
    case("GET /api/instances", f"/api/instances?lead_id=lead-{SECRET}", status=200),
    case("GET /api/instances/pause-reasons", status=200),
    case(
        "POST /api/instances/resume",
        json={"reason": "missing_value:{bookingLink}", "sequence_id": "{sequence}"},
        status=200,
    ),
    instance("GET"),
    instance("POST", "/resume"),
    instance("POST", "/stop"),
    instance("POST", "/resolve", json={"outcome": "sent"}),
    case("GET /api/followup-settings", status=200),
    case("PUT /api/followup-settings", json={"time_zone": "Europe/Berlin"}, status=200),
    case("GET /api/suppressions", status=200),
    case("GET /api/suppressions", f"/api/suppressions?lead_id=lead-{SECRET}", status=200),
    case("POST /api/suppressions", json={"lead_id": "lead-of-mine"}, status=201),
    case("GET /api/suppressions/export", status=200),
    case("GET /api/suppressions/lifted", status=200),
    case(
        "DELETE /api/suppressions/{suppression_id}",
        "/api/suppressions/{suppression}?reason=asked",
    ),
]
TOOL, SIGNATURE = {"X-Tool-Secret": "guessed"}, {"ElevenLabs-Signature": "t=1,v0=guessed"}
CALL = {
    "type": "post_call_transcription",
    "data": {
        "agent_id": f"agent-{SECRET}",
        "conversation_id": "mine",
        "transcript": [],
        "metadata": {"start_time_unix_secs": 1, "call_duration_secs": 1},
    },
}
VOICE_CASES = [
    persona("GET", "/agent/status"),
    persona("GET", "/agent/differences"),
    persona("POST", "/voice/setup"),
    persona("DELETE", "/voice"),
    case("GET /api/agents", status=200),
    case("POST /api/agents/update", json={"persona_ids": ["{persona}"]}, status=202),
    case("POST /api/agents/recreate", json={"persona_ids": ["{persona}"]}, status=202),
    case("POST /api/agents/test", json={"persona_ids": ["{persona}"]}, status=200),
    case("GET /api/agents/orphans", status=503),
    case("DELETE /api/agents/orphans/{agent_id}", "/api/agents/orphans/agent_1", status=503),
    persona("POST", "/voice/stream", json={"text": "Hello"}),
    persona("GET", "/voice/usage"),
    persona("DELETE", "/voice/audio"),
    case("GET /api/voices", status=503),
    case("POST /api/voices/preview", json={"voice_id": "sarah"}, status=503),
    persona("POST", "/voice/session"),
    case("GET /api/calls", status=200),
    case("GET /api/calls", "/api/calls?persona_id={persona}", status=200),
    case("GET /api/calls", f"/api/calls?lead_id=lead-{SECRET}", status=200),
    case("GET /api/calls/export", status=200),
    case("GET /api/calls/export", "/api/calls/export?persona_id={persona}", status=200),
    case("GET /api/calls/{call_id}", "/api/calls/{call}"),
    case(
        "POST /elevenlabs/function-call/{persona_id}",
        "/elevenlabs/function-call/{persona}",
        json={"query": SECRET},
        headers=TOOL,
        status=401,
    ),
    case(
        "POST /elevenlabs/function-call",
        json={"query": SECRET, "persona_id": "{persona}"},
        headers=TOOL,
        status=401,
    ),
    case("GET /elevenlabs/cache/stats", status=200),
    case("POST /elevenlabs/post-call", json=CALL, headers=SIGNATURE, status=401),
]
CONVERSATION = "/api/conversations/{conversation}"


def conversation_of(conversation_id):
    """Return a conversation to import that has the id of one of the other workspace."""
    return {
        "conversation_id": conversation_id,
        "created_at": "2025-01-01T00:00:00Z",
        "messages": [],
    }


def conversation(method, path="", **more):
    """A case under one conversation of the other workspace."""
    return case(
        f"{method} /api/conversations/{{conversation_id}}{path}", f"{CONVERSATION}{path}", **more
    )


CHAT_CASES = [
    case(
        "POST /api/chat/{persona_id}/conversations",
        "/api/chat/{persona}/conversations",
        json={"title": "Mine"},
    ),
    case("POST /chat/{persona_id}", "/chat/{persona}", json={"message": "Hello?"}),
    case(
        "POST /chat/{persona_id}",
        "/chat/{own_persona}",
        json={"message": "Hello?", "thread_id": "{conversation}"},
    ),
    case("GET /api/conversations", status=200),
    case("GET /api/user-conversations", status=200),
    case(
        "POST /api/conversations/import",
        json={"conversations": [conversation_of("{conversation}")]},
        status=200,
    ),
    case(
        "POST /api/user-conversations/import",
        json={"conversations": [{**conversation_of("{conversation}"), "user_id": "tester"}]},
        status=200,
    ),
    case(
        "POST /api/user-conversations/{conversation_id}/read",
        "/api/user-conversations/{conversation}/read",
        json={"reason": "I am curious."},
    ),
    case("DELETE /api/user-conversations", "/api/user-conversations?user_id=nobody", status=204),
    conversation("GET"),
    conversation("GET", "/stream"),
    conversation("GET", "/export"),
    case("GET /api/conversations/search", f"/api/conversations/search?query={SECRET}", status=200),
    conversation("GET", "/messages"),
    conversation("PUT", "/persona", json={"persona_id": None}),
    *(
        case(
            f"{method} /api/conversations/{{conversation_id}}/messages/{{message_id}}/{verb}",
            f"{CONVERSATION}/messages/{{message}}/{verb}",
            json=body,
        )
        for method, verb, body in (
            ("POST", "stop", None),
            ("POST", "resend", None),
            ("POST", "regenerate", None),
            ("POST", "edit", {"message": "Hello?"}),
            ("PUT", "feedback", {"rating": "up"}),
        )
    ),
    case("GET /api/openai/v1/models", status=200),
    case("GET /api/openai/v1/models/{model}", "/api/openai/v1/models/{persona}"),
    case(
        "POST /api/openai/v1/chat/completions",
        json={"model": "{persona}", "messages": [{"role": "user", "content": "Hello?"}]},
    ),
    case(
        "POST /api/personas/{persona_id}/prompts/test",
        "/api/personas/{persona}/prompts/test",
        json={"message": "Hello?"},
    ),
    case("GET /api/personas/{persona_id}/prompts/tests", "/api/personas/{persona}/prompts/tests"),
    case("GET /api/knowledge/gaps", status=200),
    case(
        "POST /api/knowledge/gaps/{gap_id}/answer",
        "/api/knowledge/gaps/{gap}/answer",
        json={"answer": "x"},
    ),
    conversation("PATCH", json={"title": "stolen"}),
    conversation("DELETE"),
]
AUDIT_CASES = [
    case("GET /api/audit", status=200),
    case("GET /api/audit", "/api/audit?entity_id={persona}", status=200),
    case("GET /api/audit/export", status=200),
    case("GET /api/audit/export", "/api/audit/export?entity_id={persona}", status=200),
    case("GET /api/notices", status=200),
    case("GET /api/dead-letters", status=200),
    case("POST /api/dead-letters/{dead_letter_id}/replay", "/api/dead-letters/1/replay"),
]
STUDIO_CASES = [
    case("GET /api/login", status=200),
    case("POST /api/login", json={"code": "of-nobody"}, status=403),
    case("POST /api/login-codes", status=201),
    case("GET /api/me", status=200),
    case("GET /api/health", status=200),
    case("POST /api/logout"),
    case("GET /api/sessions", status=200),
    case("DELETE /api/sessions/{session_id}", "/api/sessions/{session}"),
]
CASES = {
    "persona_svc": [*PERSONA_CASES, *AUDIT_CASES],
    "draft_svc": [*DRAFT_CASES, *AUDIT_CASES],
    "followup_svc": [*FOLLOWUP_CASES, *AUDIT_CASES],
    "ingest_svc": [*INGEST_CASES, *AUDIT_CASES],
    "voice_svc": [*VOICE_CASES, *AUDIT_CASES],
    "chat_svc": [*CHAT_CASES, *AUDIT_CASES],
    "studio_svc": [*STUDIO_CASES, *AUDIT_CASES],
}
ALL = [(service, each) for service, cases in CASES.items() for each in cases]
EMPTY = {
    "search=",
    "sequence_id={sequence}",
    "entity_id=",
    "lead_id=",
    "message_id=",
    "campaign_id={campaign}",
    "/api/calls?persona_id=",
}


def filled(value, ids):
    """Put `ids` in the places of a request."""
    if isinstance(value, dict):
        return {key: filled(item, ids) for key, item in value.items()}
    if isinstance(value, list):
        return [filled(item, ids) for item in value]
    if isinstance(value, str):
        for name, entity_id in ids.items():
            value = value.replace(f"{{{name}}}", entity_id)
    return value


def ask(tenants, service, each, ids, *, by=None, credential=None):
    method = each.route.partition(" ")[0]
    more = dict(each.more)
    ids = {**ids, "own_persona": tenants.asking.ids["persona"]}
    if each.json is not None:
        more["json"] = filled(each.json, ids)
    path = filled(each.path, ids)
    return (by or tenants.asking).call(service, method, path, credential=credential, **more)


def without(text, ids):
    for name, entity_id in ids.items():
        text = text.replace(entity_id, f"<{name}>")
    return text


@pytest.mark.parametrize("service", CASES)
def test_every_route_has_a_case_here(tenants, service):
    document = tenants.asking.done(service, "GET", "/openapi.json")
    routes = {
        f"{method.upper()} {path}" for path, item in document["paths"].items() for method in item
    }
    assert {each.route for each in CASES[service]} == routes


@pytest.mark.parametrize(
    ("service", "each"), ALL, ids=[f"{each.route}-{each.path}" for _, each in ALL]
)
def test_what_belongs_to_another_workspace_is_not_there(tenants, rows_of_other, service, each):
    before = rows_of_other()
    theirs = tenants.other.ids
    answer = ask(tenants, service, each, theirs)
    assert answer.status_code == each.status, answer.text
    shown = answer.text.replace(filled(each.path, theirs), "")
    assert SECRET not in shown
    if answer.is_success:
        asked = filled([each.path, each.json], theirs)
        unasked = {entity_id for entity_id in theirs.values() if entity_id not in str(asked)}
        assert not [entity_id for entity_id in unasked if entity_id in answer.text]
        if any(name in each.path for name in EMPTY) and '"items"' in answer.text:
            assert answer.json()["items"] == []
    assert rows_of_other() == before


@pytest.mark.parametrize(
    ("service", "each"),
    [(service, each) for service, each in ALL if each.status >= 400],
    ids=[f"{each.route}-{each.path}" for _, each in ALL if each.status >= 400],
)
def test_another_workspaces_id_is_answered_as_one_that_does_not_exist(tenants, service, each):
    theirs = tenants.other.ids
    names = (
        "persona",
        "draft",
        "file",
        "sequence",
        "instance",
        "suppression",
        "call",
        "key",
        "conversation",
        "message",
        "gap",
        "prompt",
        "session",
    )
    nowhere = {"campaign": "campaign-nowhere", **{name: str(uuid4()) for name in names}}
    answers = [(ask(tenants, service, each, ids), ids) for ids in (theirs, nowhere)]
    seen = [(answer.status_code, without(answer.text, ids)) for answer, ids in answers]
    assert seen[0] == seen[1]


@pytest.mark.parametrize(
    ("service", "each"), ALL, ids=[f"{each.route}-{each.path}" for _, each in ALL]
)
def test_what_belongs_to_other_personas_is_not_there_for_a_key_limited_to_one(
    tenants, limited, rows_of_other, service, each
):
    before = without_audit(rows_of_other())
    theirs = tenants.other.ids
    answer = ask(tenants, service, each, theirs, by=tenants.other, credential=limited)
    assert answer.status_code in {200, 202, 401, 403, 404, 422, 503}, answer.text
    shown = answer.text.replace(filled(each.path, theirs), "")
    assert SECRET not in shown
    asked = str(filled([each.path, each.json], theirs))
    unasked = {entity_id for entity_id in theirs.values() if entity_id not in asked}
    assert not [entity_id for entity_id in unasked if entity_id in answer.text]
    if "{persona}" in each.path.partition("?")[0] and "/elevenlabs/" not in each.path:
        assert answer.status_code == 404, answer.text
    assert without_audit(rows_of_other()) == before


def without_audit(rows):
    """Return the rows but for the trail, which says what a key did to what it may see."""
    return {where: found for where, found in rows.items() if where[1] != "audit"}


SEEN = [
    ("persona_svc", "/api/personas", "persona"),
    ("persona_svc", "/api/personas/{persona}", "persona"),
    ("persona_svc", "/api/personas/{persona}/resolved", "persona"),
    ("draft_svc", "/api/drafts", "draft"),
    ("draft_svc", "/api/drafts/{draft}", "draft"),
    ("ingest_svc", "/api/personas/{persona}/files", "file"),
    ("voice_svc", "/api/agents", "persona"),
    ("voice_svc", "/api/calls", "call"),
    ("voice_svc", "/api/calls/export", "call"),
]


@pytest.mark.parametrize(("service", "path", "kind"), SEEN, ids=[path for _, path, _ in SEEN])
def test_a_key_limited_to_a_persona_sees_what_is_of_it(tenants, service, path, kind):
    ids = tenants.asking.ids
    key, _ = tenants.asking.key(role="viewer", persona_ids=[ids["persona"]])
    answer = tenants.asking.call(service, "GET", filled(path, ids), credential=key)
    assert answer.status_code == 200, answer.text
    assert ids[kind] in answer.text


def test_a_key_limited_to_a_persona_works_in_its_sequences(tenants):
    tenant, ids = tenants.asking, tenants.asking.ids
    key, _ = tenant.key(role="editor", persona_ids=[ids["persona"]])
    own = {"name": f"of {ids['persona']}", "steps": STEPS, "ai_persona_id": ids["persona"]}
    made = tenant.done("followup_svc", "POST", "/api/sequences", json=own)
    path = f"/api/sequences/{made['sequence_id']}/instances"
    lead = {"leads": [{"lead_id": f"of-{ids['persona']}"}]}
    started = tenant.done("followup_svc", "POST", path, json=lead, credential=key)
    (item,) = started["items"]
    listed = tenant.done("followup_svc", "GET", "/api/sequences", credential=key)["items"]
    assert [each["sequence_id"] for each in listed] == [made["sequence_id"]]
    listed = tenant.done("followup_svc", "GET", "/api/instances", credential=key)["items"]
    assert [each["instance_id"] for each in listed] == [item["instance_id"]]
    stop = f"/api/instances/{item['instance_id']}/stop"
    assert tenant.done("followup_svc", "POST", stop, credential=key)["state"] == "stopped"


@pytest.mark.parametrize(
    ("method", "path", "body", "more"),
    [
        ("PATCH", "", {"parent_id": "{persona}"}, MATCH_ANY),
        ("DELETE", "?promote={persona}", None, MATCH_ANY),
        ("POST", "/clone", {}, {}),
        ("POST", "/default", None, {}),
    ],
)
def test_a_limited_key_reaches_no_other_persona_by_way_of_its_own(
    tenants, method, path, body, more
):
    tenant, ids = tenants.asking, tenants.asking.ids
    own = tenant.done("persona_svc", "POST", "/api/personas", json={"name": f"own {uuid4()}"})
    key, _ = tenant.key(persona_ids=[own["persona_id"]])
    request = {"headers": more} if body is None else {"headers": more, "json": filled(body, ids)}
    whole = f"/api/personas/{own['persona_id']}{filled(path, ids)}"
    answer = tenant.call("persona_svc", method, whole, credential=key, **request)
    assert answer.status_code in {403, 404}, answer.text
    kept = tenant.done("persona_svc", "GET", f"/api/personas/{own['persona_id']}")
    assert (kept["version"], kept["is_default"]) == (1, False)


def test_a_foreign_sequence_persona_is_dangling(tenants):
    ids = tenants.other.ids
    asked = f"sequence_persona_id={ids['persona']}&campaign_id={ids['campaign']}"
    resolution = tenants.asking.done("persona_svc", "GET", f"/api/resolve?{asked}")
    assert [item["reason"] for item in resolution["skipped"]] == ["DANGLING_REF"]
    assert resolution["persona_id"] == tenants.asking.ids["persona"]


def test_an_idempotency_key_of_another_workspace_is_a_free_one(tenants):
    headers = {"Idempotency-Key": SECRET}
    new = {"name": f"by {uuid4()}"}
    answer = tenants.asking.call("persona_svc", "POST", "/api/personas", json=new, headers=headers)
    assert answer.status_code == 201
    assert answer.json()["name"] == new["name"]
