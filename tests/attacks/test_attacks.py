"""Inputs of an attacker, on the running services: nobody else notices.

`attacks.json` says who sends what, and what must be true; `more.py` has other inputs of the same
kinds. Times are for idle cores, so what is bounded here is processor time and memory, and `good`,
another workspace that does nothing wrong, is waited for. Those of ELSEWHERE are tried where what
they hit can be started as it must be.
"""

import asyncio
import re
from contextlib import suppress
from pathlib import Path
from time import monotonic
from urllib.parse import urlsplit

import httpx
import pytest
from attacks.more import MORE
from attacks.sides import ATTACKS, READERS_OF_REPLIES, Sides, built, cpu_seconds
from briefs import brief
from draft_svc.domain.messages import compose_write_messages
from every_service import SERVICES
from ingest_svc.adapters.fetcher import Fetcher
from ingest_svc.domain.failure import FailureCode, FileFailedError
from service_devkit.testing.waiting import HANG_SECONDS, wait_until
from tenant import reply

pytestmark = pytest.mark.long
ROOT = Path(__file__).parents[2]
FILES = Path(__file__).with_name("files")
ALL = [{"kind": attack["id"], **attack} for attack in ATTACKS] + MORE
STACK, AS_ROOT = "cli/tests/test_stack.py", "shared/devkit/tests/embedded/test_as_root.py"
SERVERS, FLOODS = "shared/devkit/tests/embedded/test_processes.py", "tests/faults/test_flood.py"
ELSEWHERE = {
    "data-folder-modes": [
        (STACK, "test_nobody_else_enters_the_data_folder_or_reads_a_file_of_it"),
        (STACK, "test_nobody_else_enters_the_folder_of_an_ephemeral_stack"),
        (SERVERS, "test_only_the_owner_and_for_root_its_group_enter_the_folder_of_postgres"),
    ],
    "postgres-as-nobody": [
        (AS_ROOT, "test_a_process_of_the_same_user_gets_neither_in_nor_a_capability"),
        (AS_ROOT, "test_postgres_runs_in_a_folder_that_only_root_enters"),
        (SERVERS, "test_tcp_needs_a_password"),
    ],
    "broker-open-to-local-users": [
        (SERVERS, "test_nats_lets_nobody_in_without_the_password_in_its_folder"),
        (SERVERS, "test_nats_does_nothing_for_who_has_not_said_the_password"),
        (STACK, "test_nobody_else_enters_the_data_folder_or_reads_a_file_of_it"),
    ],
    "flood-of-one-workspace": [
        (FLOODS, "test_a_flood_of_one_workspace_delays_no_other"),
        (FLOODS, "test_a_flood_of_another_kind_delays_no_other_workspace"),
        (FLOODS, "test_lists_and_searches_of_one_workspace_slow_no_read_of_another"),
    ],
}
"""Several inputs of a kind: each test tries some."""
LIVE_SECONDS = 0.5
"""Of processor time that a busy machine may add to a measurement."""


@pytest.fixture
def sides(apis, apis_nats_url):
    return Sides(apis, apis_nats_url)


def test_every_attack_is_tried_and_two_more_of_its_kind():
    kinds = [attack["kind"] for attack in ALL]
    for attack in ATTACKS:
        if attack["id"] in ELSEWHERE:
            assert len(ELSEWHERE[attack["id"]]) >= 3, attack["id"]
            for file, name in ELSEWHERE[attack["id"]]:
                assert f"def {name}(" in (ROOT / file).read_text(), name
        else:
            assert attack["id"] in TRIED
            assert kinds.count(attack["id"]) >= 3, attack["id"]


async def look_like_the_brokers_own(attack, sides):
    count = 1_050 if attack["id"] == attack["kind"] else 200
    subject = f"lead.replied.v1.{sides.evil}"
    await sides.publish(subject, built(attack), attack["headers"], times=count)
    await sides.good_is_answered()
    letters = await sides.parked(count * len(READERS_OF_REPLIES))
    assert {letter.subject for letter in letters} == READERS_OF_REPLIES
    assert len(letters) == count * len(READERS_OF_REPLIES)
    assert {letter.headers["dlq-error"] for letter in letters} <= {"invalid", "malformed"}
    counted = sides.ask("draft_svc", "GET", "/metrics").text
    parked = re.search(r'events_total\{consumer="[^"]*replied",outcome="parked"\} (\S+)', counted)
    assert parked
    assert float(parked[1]) >= count


async def hide_from_a_consumer(attack, sides):
    subject = f"{attack.get('subject', 'file.deleted')}.v1.{sides.evil}"
    await sides.publish(subject, built(attack), attack["headers"])
    await sides.parked()
    await sides.all_are_handled()


async def are_barely_taken_by_the_broker(attack, sides):
    body = built(attack)
    headers = dict.fromkeys(attack.get("headers", ()), "h" * 60_000)
    await sides.publish(f"lead.replied.v1.{sides.evil}", body, headers or None)
    letters = await sides.parked(len(READERS_OF_REPLIES))
    assert {letter.subject for letter in letters} == READERS_OF_REPLIES
    assert len(letters) == len(READERS_OF_REPLIES)
    for letter in letters:
        assert letter.headers["dlq-error"] == "too-large"
        assert letter.headers["dlq-cut"] == f"body of {len(body)} bytes"
    sides.persona(sides.good)
    await sides.good_is_answered()
    for service in sides.apis:
        ready = sides.ask(service, "GET", "/readyz").json()
        assert not {"broker", "publishing"} & {str(each) for each in ready["degraded"]}, ready


async def cost_much_to_clean(attack, sides, field, count=6):
    text = built(attack).decode()
    service = sides.process("draft_svc")
    before = cpu_seconds(service)
    for number in range(count):
        sides.send_mail(number, **{field: text})
    await sides.good_is_answered()
    for draft in await sides.drafts(count):
        assert draft["status"] == "ready" or draft["error"], draft
    spent = cpu_seconds(service) - before
    assert spent < count * (2 * 0.5 + LIVE_SECONDS) + 2, f"{spent:.1f} s"


async def are_pages_that_cost_much(attack, sides):
    await cost_much_to_clean(attack, sides, "body_html")


async def are_texts_that_cost_much(attack, sides):
    await cost_much_to_clean(attack, sides, "body_text")


async def name_charsets(attack, sides):
    warm, count = 20, 40
    for number in range(warm):
        sides.send_mail(number, raw_email=built(attack, number).decode())
    await sides.drafts(warm)
    before = sides.memory("draft_svc")
    for number in range(warm, warm + count):
        sides.send_mail(number, raw_email=built(attack, number).decode())
    await sides.drafts(warm + count)
    assert sides.memory("draft_svc") - before < 20_000_000
    await sides.good_is_answered()


async def are_files_that_cost_much(attack, sides):
    if "file" in attack:
        name, content = "notes.txt", (FILES / attack["file"]).read_bytes()
    else:
        name, content = attack["name"], built(attack)
    ids = {workspace: sides.persona(workspace) for workspace in (sides.evil, sides.good)}

    def upload(workspace, file_name, body):
        path = f"/api/personas/{ids[workspace]}/files"
        answer = sides.ask("ingest_svc", "POST", path, workspace, files={"file": (file_name, body)})
        return answer.json()["id"] if answer.status_code == 201 else None

    def status(workspace, file_id):
        path = f"/api/personas/{ids[workspace]}/files/{file_id}"
        return sides.ask("ingest_svc", "GET", path, workspace).json()["status"]

    await wait_until(lambda: upload(sides.good, "first.md", b"# Hello\n\nThe persona is known."))
    service = sides.process("ingest_svc")
    before = cpu_seconds(service)
    evil = [
        await wait_until(lambda n=n: upload(sides.evil, name, content + str(n).encode()))
        for n in range(4)
    ]
    file_id = upload(sides.good, "facts.md", b"# Facts\n\nTen seats cost ninety euros.")
    await wait_until(lambda: status(sides.good, file_id) == "ready")
    settled = {"ready", "failed"}
    await wait_until(lambda: all(status(sides.evil, each) in settled for each in evil))
    spent = cpu_seconds(service) - before
    assert spent < len(evil) * (2 + LIVE_SECONDS) + 8, f"{spent:.1f} s"


async def fill_a_cache(attack, sides):
    path, times = "/api/templates/lint", 150
    async with sides.client("followup_svc", sides.evil, "viewer") as client:
        for number in range(30):
            await client.post(path, json={"template": built(attack, number).decode()})
        before = sides.memory("followup_svc")
        for number in range(30, times):
            answer = await client.post(path, json={"template": built(attack, number).decode()})
            assert answer.status_code in {200, 422}, answer.text
    assert sides.memory("followup_svc") - before < 20_000_000


SEARCH = ("ingest_svc", "/api/personas/{persona_id}/knowledge/search")
LINT = ("followup_svc", "/api/templates/lint")


async def make_a_long_problem(attack, sides):
    body, json_ = built(attack), {"Content-Type": "application/json"}
    for service, path in attack.get("routes", [LINT, SEARCH]):
        if "{persona_id}" in path:
            persona_id = sides.persona(sides.evil)
            path = path.replace("{persona_id}", persona_id)  # noqa: PLW2901
        answers = [
            asyncio.to_thread(
                sides.ask, service, "POST", path, sides.evil, content=body, headers=json_
            )
            for _ in range(4)
        ]
        sending = asyncio.gather(*answers)
        assert sides.ask(service, "GET", "/livez").status_code == 200
        for answer in await sending:
            assert answer.status_code == 422, answer.text[:500]
            count, detail = len(answer.json()["errors"]), answer.json()["detail"]
            assert 1 <= count <= 100
            assert count < 100 or re.search(r"\(and \d+ more\)|[\d,]+ of its fields", detail)
            assert len(answer.content) <= 64 * 1024


async def come_without_a_token(attack, sides):
    service = attack.get("service", "persona_svc")
    url = f"{sides.apis[service].url}{attack.get('path', '/api/personas/import')}"
    headers = {"Content-Type": attack.get("content_type", "text/markdown")}
    headers |= attack.get("headers", {})
    body, count = built(attack), 10
    before = cpu_seconds(sides.process(service))
    async with httpx.AsyncClient(timeout=HANG_SECONDS) as client:

        async def refused():
            with suppress(httpx.WriteError, httpx.ReadError):  # it did not wait for the body
                answer = await client.post(url, content=body, headers=headers)
                assert answer.status_code == 401

        await asyncio.gather(*(refused() for _ in range(count)))
    assert cpu_seconds(sides.process(service)) - before < count * 0.02 + LIVE_SECONDS


async def never_end(attack, sides):
    headers = {"Content-Length": "1000000"} | attack.get("headers", {})
    if "Transfer-Encoding" in headers:
        del headers["Content-Length"]
    assert PATHS.keys() == set(SERVICES)
    for service, api in sides.apis.items():
        of_service = {"Host": urlsplit(api.url).netloc} | headers
        head = "".join(f"{name}: {value}\r\n" for name, value in of_service.items())
        data = f"POST /api/replies HTTP/1.1\r\n{head}\r\n".encode().replace(
            b"/api/replies", PATHS[service]
        )
        await _refused(sides, service, data + built(attack))  # what is taken once, and kept
        await _cost_no_memory(sides, service, data + built(attack))


async def _cost_no_memory(sides, service, data):
    """Send it until what else goes on there, such as files of other tests, hides it no more."""
    deadline = monotonic() + HANG_SECONDS
    while True:
        before = sides.memory(service)
        await _refused(sides, service, data)
        grown = sides.memory(service) - before
        if grown < 20_000_000:
            return
        assert monotonic() < deadline, f"{service}: {grown:,} bytes each time"


async def _refused(sides, service, data):
    """Send it over 500 connections; all are refused, and others are answered meanwhile."""
    opened, links = await asyncio.to_thread(sides.connections, service, data, 500)
    with opened:
        assert sides.ask(service, "GET", "/livez").status_code == 200
        for link in links:
            with suppress(ConnectionResetError):
                assert link.recv(65_536).split()[1] in {b"401", b"408"}


PATHS = {
    "persona_svc": b"/api/personas",
    "draft_svc": b"/api/replies",
    "followup_svc": b"/api/sequences",
    "ingest_svc": b"/api/personas/018f0000-0000-7000-8000-000000000000/files",
    "voice_svc": b"/api/agents/update",
    "studio_svc": b"/api/logout",
    "chat_svc": b"/chat/018f0000-0000-7000-8000-000000000000",
}


async def are_listed(attack, sides):
    text = built(attack).decode()
    count = 16
    for number in range(count):
        sides.send_mail(number, **{attack.get("field", "body_text"): text})
    await sides.drafts(count)
    before = sides.process("draft_svc").memory_info().rss
    async with sides.client("draft_svc", sides.evil, "viewer") as client:
        lists = [client.get("/api/drafts?limit=200") for _ in range(10)]
        for answer in await asyncio.gather(*lists):
            assert len(answer.json()["items"]) == count
            assert len(answer.content) < count * 20_000
    grown = sides.process("draft_svc").memory_info().rss - before
    assert grown < count * len(text) / 2
    await sides.good_is_answered()


async def reach_a_model(attack, sides):
    value = built(attack).decode()
    event = reply(sides.evil, "lead") | {"body_text": "How much?"}
    event["lead"] = dict.fromkeys(attack.get("fields", ["company"]), value)
    answer = sides.ask("draft_svc", "POST", "/api/replies", sides.evil, json=event)
    assert answer.status_code in {202, 413, 422}, answer.text
    without = told(brief(lead={}))
    assert len(told(brief(lead=event["lead"]))) < len(without) + 2_100


def told(asked):
    return "".join(text for _, text in compose_write_messages(asked, None))


async def have_a_secret_header(attack, sides):
    subject = f"lead.replied.v1.{sides.evil}"
    await sides.publish(subject, built(attack), attack["headers"])
    allowed = re.compile(r"ce-.*|content-type|traceparent|dlq-.*|Nats-Msg-.*", re.IGNORECASE)
    for letter in await sides.parked(len(READERS_OF_REPLIES)):
        assert "SECRETHDR" not in str(letter.headers)
        assert "BODYCANARY" not in str(letter.headers)
        assert [name for name in letter.headers if not allowed.fullmatch(name)] == []


async def ask_again_with_less(attack, sides):
    service, path = attack.get("service", "persona_svc"), attack.get("path", "/api/personas")
    call = (service, "POST", path, sides.evil)
    same = {"json": attack.get("body", {"name": "Vela"}), "headers": {"Idempotency-Key": "k1"}}
    assert sides.ask(*call, **same).status_code == 201
    assert sides.ask(*call, role=attack.get("role", "viewer"), **same).status_code == 403
    assert sides.ask(*call, **same).headers["Idempotency-Replayed"] == "true"


async def name_no_host(attack, sides):
    del sides
    fetcher = Fetcher(allowed_hosts=["*.example.org"], allowed_buckets=[], inbox_dir=None)
    with pytest.raises(FileFailedError) as refused:
        async for _ in fetcher.fetch(built(attack).decode()):
            pass
    assert refused.value.code is FailureCode.FETCH_REFUSED


TRIED = {
    "broker-status-header": look_like_the_brokers_own,
    "broker-status-100": hide_from_a_consumer,
    "event-near-max-payload": are_barely_taken_by_the_broker,
    "mail-unmatched-end-tags": are_pages_that_cost_much,
    "mail-notice-lines": are_texts_that_cost_much,
    "mail-charset-names": name_charsets,
    "file-comments": are_files_that_cost_much,
    "template-cache": fill_a_cache,
    "unknown-fields": make_a_long_problem,
    "import-without-token": come_without_a_token,
    "half-a-body": never_end,
    "drafts-list": are_listed,
    "prompt-lead-fields": reach_a_model,
    "parked-header": have_a_secret_header,
    "replay-after-lower-role": ask_again_with_less,
    "url-empty-label": name_no_host,
}
LONG = {"template-cache", "drafts-list", "mail-charset-names", "mail-notice-lines"}
"""Kinds whose other inputs take long."""
HERE = [
    pytest.param(
        attack,
        id=attack["id"],
        marks=[pytest.mark.faults] if attack["kind"] in LONG and attack in MORE else [],
    )
    for attack in ALL
    if attack["kind"] in TRIED
]


@pytest.mark.parametrize("attack", HERE)
async def test_an_attack_is_refused_or_handled_and_stops_nobody_else(attack, sides):
    await TRIED[attack["kind"]](attack, sides)
