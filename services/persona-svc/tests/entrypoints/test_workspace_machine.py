"""Whatever is done to a workspace, in whatever order, its parts agree after every step."""

import asyncio
from contextlib import AsyncExitStack
from itertools import count

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

MATCH_ANY = {"If-Match": "*"}
MAX_PERSONAS = 5
CAMPAIGNS = ("spring", "summer")
REFUSED = {409, 422}
LEGACY = {
    "persona_name": "ai_persona_name",
    "tone": "ai_tone",
    "greeting": "ai_greeting",
    "sms_greeting": "ai_sms_greeting",
    "signature": "ai_signature",
    "goals": "ai_goals",
    "service_description": "service_description",
}
_workspaces = count(1)

some = st.integers(min_value=0, max_value=MAX_PERSONAS - 1)
fields = st.sampled_from(sorted(LEGACY))
texts = st.sampled_from([None, "calm", "warm", "Anna\nAcme"])
"""The last one is refused where a field is one line."""
places = st.tuples(st.sampled_from(CAMPAIGNS), st.sampled_from(["any", "email", "sms"]))


class WorkspaceMachine(RuleBasedStateMachine):
    """One workspace, changed over REST and by the CRM."""

    def __init__(self, open_feed, sync_client):
        super().__init__()
        workspace_id = f"m{next(_workspaces)}"
        self.client = sync_client(workspace_id)
        self.runner = asyncio.Runner()
        self.opened = AsyncExitStack()
        feed = open_feed(workspace_id)
        self.feed = self.runner.run(self.opened.enter_async_context(feed))
        self.ids = []
        self.synced = set()
        self.minutes = count(1)

    def teardown(self):
        self.runner.run(self.opened.aclose())
        self.runner.close()
        self.client.close()

    def call(self, method, path, *, refusals=frozenset(), **more):
        answer = self.client.request(method, f"/api{path}", **more)
        assert answer.is_success or answer.status_code in refusals, (answer.request, answer.text)
        return answer

    def read(self, path):
        return self.call("GET", path).json()

    def pick(self, which):
        return self.ids[which % len(self.ids)]

    @precondition(lambda self: len(self.ids) < MAX_PERSONAS)
    @rule(name=st.sampled_from("ABCDE"), parent=st.none() | some, field=fields, text=texts)
    def create(self, name, parent, field, text):
        parent_id = self.pick(parent) if parent is not None and self.ids else None
        new = {"name": name, "parent_id": parent_id, field: text}
        self.call("POST", "/personas", json=new, refusals=REFUSED)

    @precondition(lambda self: self.ids and len(self.ids) < MAX_PERSONAS)
    @rule(which=some)
    def clone(self, which):
        self.call("POST", f"/personas/{self.pick(which)}/clone", json={}, refusals=REFUSED)

    @rule()
    def ensure_default(self):
        self.call("POST", "/personas/ensure-default")

    @precondition(lambda self: self.ids)
    @rule(which=some, field=fields, text=texts)
    def edit(self, which, field, text):
        path = f"/personas/{self.pick(which)}"
        self.call("PATCH", path, json={field: text}, headers=MATCH_ANY, refusals={422})

    @precondition(lambda self: self.ids)
    @rule(which=some, name=st.sampled_from("ABCDE"), is_active=st.booleans())
    def rename(self, which, name, is_active):
        changes = {"name": name, "is_active": is_active}
        path = f"/personas/{self.pick(which)}"
        self.call("PATCH", path, json=changes, headers=MATCH_ANY, refusals=REFUSED)

    @precondition(lambda self: self.ids)
    @rule(which=some, parent=st.none() | some)
    def reparent(self, which, parent):
        changes = {"parent_id": None if parent is None else self.pick(parent)}
        path = f"/personas/{self.pick(which)}"
        self.call("PATCH", path, json=changes, headers=MATCH_ANY, refusals=REFUSED)

    @precondition(lambda self: self.ids)
    @rule(which=some, version=st.integers(1, 3))
    def restore(self, which, version):
        path = f"/personas/{self.pick(which)}/versions/{version}/restore"
        self.call("POST", path, refusals=REFUSED | {404})

    @precondition(lambda self: self.ids)
    @rule(which=some)
    def set_default(self, which):
        self.call("POST", f"/personas/{self.pick(which)}/default", refusals=REFUSED)

    @precondition(lambda self: self.ids)
    @rule(which=some, promote=st.none() | some)
    def delete(self, which, promote):
        params = {} if promote is None else {"promote": self.pick(promote)}
        path = f"/personas/{self.pick(which)}"
        self.call("DELETE", path, params=params, headers=MATCH_ANY, refusals=REFUSED)

    @precondition(lambda self: self.ids)
    @rule(place=places, which=st.none() | some)
    def assign(self, place, which):
        campaign_id, channel = place
        body = {"channel": channel, "persona_id": None if which is None else self.pick(which)}
        path = f"/campaigns/{campaign_id}/persona"
        answer = self.call("PUT", path, json=body, refusals={404})
        assert answer.is_success == (campaign_id in self.synced)

    @rule(field=st.sampled_from([*sorted(LEGACY.values()), "ideal_customer_profile"]), text=texts)
    def change_settings(self, field, text):
        self.call("PUT", "/workspace/settings", json={field: text}, refusals={422})

    @rule(campaign_id=st.sampled_from(CAMPAIGNS), name=st.sampled_from(["One", "Two"]))
    def sync_campaign(self, campaign_id, name):
        minute = next(self.minutes)
        self.runner.run(self.feed.synced(campaign_id, minute=minute, name=name))
        self.synced.add(campaign_id)

    @precondition(lambda self: self.synced)
    @rule(campaign_id=st.sampled_from(CAMPAIGNS))
    def remove_campaign(self, campaign_id):
        self.runner.run(self.feed.removed(campaign_id, minute=next(self.minutes)))
        self.synced.discard(campaign_id)

    @invariant()
    def everything_agrees(self):
        personas = self.read("/personas?limit=100")["items"]
        self.ids = [persona["persona_id"] for persona in personas if not persona["virtual"]]
        shown = self.read("/workspace/settings")
        if self.ids:
            self.default_is_one_of_them_and_mirrored(personas, shown)
        else:
            assert shown["default_persona_id"] is None
        for campaign in self.read("/campaigns")["items"]:
            assert set(campaign["assignments"].values()) <= set(self.ids)
        self.runner.run(self.feed.assert_state_is_what_is_shown(self.client))

    def default_is_one_of_them_and_mirrored(self, personas, shown):
        (default,) = [persona for persona in personas if persona["is_default"]]
        assert default["is_active"]
        assert shown["default_persona_id"] == default["persona_id"]
        resolved = self.read(f"/personas/{default['persona_id']}/resolved")
        mirror = {legacy: shown[legacy] for legacy in LEGACY.values()}
        assert mirror == {legacy: resolved[name] for name, legacy in LEGACY.items()}


def run_machine(open_feed, sync_client, **more):
    run_state_machine_as_test(
        lambda: WorkspaceMachine(open_feed, sync_client),
        settings=settings(
            deadline=None, database=None, suppress_health_check=list(HealthCheck), **more
        ),
    )


def test_the_parts_of_a_workspace_agree_after_every_step(api, open_feed, sync_client):
    del api
    run_machine(
        open_feed,
        sync_client,
        max_examples=8,
        stateful_step_count=12,
        derandomize=True,
        phases=[Phase.generate],
    )


@pytest.mark.faults
def test_the_parts_of_a_workspace_agree_after_every_step_of_many(api, open_feed, sync_client):
    del api
    examples = settings.default.max_examples // 4
    run_machine(open_feed, sync_client, max_examples=examples, stateful_step_count=40)
