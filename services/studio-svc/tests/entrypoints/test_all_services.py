"""What all services tell, at once; who does not answer is named."""

import pytest
from studio import AWAY, Upstream
from studio_svc.settings import SERVICES


class TestLists:
    @pytest.fixture
    async def chat(self):
        async with Upstream() as started:
            yield started

    @pytest.fixture
    def more_settings(self, upstream, chat):
        away = dict.fromkeys(SERVICES, AWAY)
        return {"services": {**away, "persona-svc": upstream.url, "chat-svc": chat.url}}

    async def test_the_lists_of_all_services_are_one_list(self, studio, upstream, chat):
        browser = await studio.browser()
        after, shown = "", []
        for _ in range(40):
            page = (await browser.get(f"/api/audit?limit=4{after}")).json()
            assert page["unavailable"] == ["draft-svc", "followup-svc", "ingest-svc", "voice-svc"]
            assert len(page["items"]) <= 4
            shown += [(item["audit_id"], item["service"]) for item in page["items"]]
            if page["next"] is None:
                break
            after = f"&after={page['next']}"
        assert shown == sorted(shown, reverse=True)
        assert len(shown) == len(set(shown))
        theirs = {(str(each), "persona-svc") for each in upstream.entries}
        theirs |= {(str(each), "chat-svc") for each in chat.entries}
        assert theirs < set(shown)
        assert {service for _, service in set(shown) - theirs} == {"studio-svc"}


async def test_a_list_of_all_refuses_what_ours_refuses(studio):
    browser = await studio.browser()
    refused = await browser.get("/api/audit?limit=0")
    assert refused.status_code == 422
    assert refused.headers["content-type"] == "application/problem+json"
    assert (await studio.stranger().get("/api/audit")).status_code == 401


async def test_how_services_are_and_what_stands_in_is_told(studio, upstream):
    upstream.ready = {
        "degraded": ["broker", "model"],
        "reasons": {"model": "not configured"},
        "stand_ins": ["writer:offline"],
    }
    browser = await studio.browser()
    health = (await browser.get("/api/health")).json()
    told = {each["name"]: (each["ok"], each["reason"]) for each in health["services"]}
    assert told["voice-svc"] == (False, "voice-svc does not answer.")
    assert told["draft-svc"] == (False, "Without broker, model: not configured.")
    stand_in = {"service": "draft-svc", "stand_in": "writer:offline"}
    assert stand_in in health["stand_ins"]
    assert stand_in in (await browser.get("/api/me")).json()["stand_ins"]
