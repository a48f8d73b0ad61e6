"""Campaigns that the CRM syncs, who speaks in them, and how that is resolved."""

from uuid import uuid4

import pytest
from persona_client import Roster

MATCH_ANY = {"If-Match": "*"}
UNKNOWN = str(uuid4())


@pytest.fixture
def assign(admin):
    async def assigned(campaign_id, persona_id, **more):
        return await admin.put(
            f"/api/campaigns/{campaign_id}/persona", json={"persona_id": persona_id, **more}
        )

    return assigned


@pytest.fixture
def resolve(viewer):
    async def resolved(**question):
        answer = await viewer.get("/api/resolve", params={"explain": True, **question})
        assert answer.status_code == 200, answer.text
        return answer.json()

    return resolved


@pytest.fixture
def listed(viewer):
    async def campaigns():
        items = (await viewer.get("/api/campaigns")).json()["items"]
        return {item["campaign_id"]: item for item in items}

    return campaigns


def spoken(who, **others):
    """Return the assignments of a campaign where `who` speaks, and others on a channel."""
    return dict.fromkeys(("any", "email", "sms", "linkedin"), who) | others


def outcomes(resolution):
    return [(item["tier"], item["outcome"]) for item in resolution["considered"]]


async def test_a_synced_campaign_is_listed_as_the_crm_described_it(feed, listed):
    await feed.synced("spring", name="Spring", status="active", lead_count=7)
    campaign = (await listed())["spring"]
    shown = {name: campaign[name] for name in ("name", "status", "channel", "lead_count")}
    assert shown == {"name": "Spring", "status": "active", "channel": "email", "lead_count": 7}
    assert campaign["assignments"] == {}


async def test_what_is_older_than_what_is_known_is_ignored(feed, listed):
    await feed.synced("spring", minute=5, name="New")
    await feed.synced("spring", minute=4, name="Old")
    await feed.removed("spring", minute=3)
    assert (await listed())["spring"]["name"] == "New"


async def test_a_removed_campaign_stays_removed_until_it_is_synced_again_later(feed, listed):
    await feed.synced("spring", minute=1)
    await feed.removed("spring", minute=5)
    await feed.synced("spring", minute=4)
    assert await listed() == {}
    await feed.synced("spring", minute=6)
    assert list(await listed()) == ["spring"]


async def test_a_campaign_that_was_never_synced_or_is_removed_has_nobody_to_assign(
    feed, create, assign
):
    anna = await create("Anna")
    never = await assign("autumn", anna["persona_id"])
    assert never.status_code == 404
    assert "autumn" in never.json()["detail"]
    await feed.synced("spring", minute=1)
    await feed.removed("spring", minute=2)
    assert (await assign("spring", anna["persona_id"])).status_code == 404


async def test_removing_a_campaign_clears_its_assignments_and_says_so(
    feed, create, assign, resolve
):
    await create("Default")
    anna = (await create("Anna"))["persona_id"]
    await feed.synced("spring", minute=1)
    await assign("spring", anna)
    await assign("spring", anna, channel="sms")
    before = len(await feed.events("assignment.changed"))
    await feed.removed("spring", minute=2)
    events = (await feed.events("assignment.changed"))[before:]
    assert [(e["channel"], e["persona_id"], e["previous_persona_id"]) for e in events] == [
        ("any", None, anna),
        ("sms", None, anna),
    ]
    assert len({event["revision"] for event in events}) == 1
    assert await feed.state("campaign", "spring") is None
    assert (await resolve(campaign_id="spring"))["tier"] == "default"


async def test_a_new_name_shows_in_the_state_of_an_assigned_campaign_only(feed, create, assign):
    anna = (await create("Anna"))["persona_id"]
    await feed.synced("spring", minute=1, name="Spring")
    await feed.synced("summer", minute=1, name="Summer")
    await assign("spring", anna)
    await feed.published()
    before = await feed.state("campaign", "spring")
    await feed.synced("spring", minute=2, name="Spring sale")
    await feed.synced("summer", minute=2, name="Summer sale")
    await feed.published()
    after = await feed.state("campaign", "spring")
    assert (before["name"], after["name"]) == ("Spring", "Spring sale")
    assert after["assignments"] == spoken(anna)
    assert after["revision"] > before["revision"]
    assert await feed.state("campaign", "summer") is None


async def test_an_assignment_is_published_and_clearing_it_leaves_a_tombstone(
    feed, create, assign, listed
):
    anna = (await create("Anna"))["persona_id"]
    await feed.synced("spring")
    answer = await assign("spring", anna)
    assert answer.json()["assignments"] == spoken(anna)
    await feed.published()
    assert (await feed.state("campaign", "spring"))["assignments"] == spoken(anna)
    assert (await assign("spring", None)).json()["assignments"] == {}
    events = await feed.events("assignment.changed")
    assert [(event["channel"], event["persona_id"]) for event in events] == [
        ("any", anna),
        ("any", None),
    ]
    assert await feed.state("campaign", "spring") is None
    assert (await listed())["spring"]["assignments"] == {}


async def test_a_channel_may_have_a_persona_of_its_own(feed, create, assign, resolve):
    default, anna, ben = [(await create(name))["persona_id"] for name in ("Default", "Anna", "Ben")]
    await feed.synced("spring")

    async def speaking():
        asked = [await resolve(campaign_id="spring", channel=c) for c in ("email", "sms")]
        return [answer["persona_id"] for answer in asked]

    by_sms = (await assign("spring", ben, channel="sms")).json()
    assert (by_sms["assignments"], by_sms["overrides"]) == ({"sms": ben}, ["sms"])
    assert await speaking() == [default, ben]
    both = (await assign("spring", anna)).json()
    assert (both["assignments"], both["overrides"]) == (spoken(anna, sms=ben), ["sms"])
    assert await speaking() == [anna, ben]
    await feed.published()
    assert (await feed.state("campaign", "spring"))["assignments"] == spoken(anna, sms=ben)
    assert (await assign("spring", ben, channel="any")).json()["overrides"] == ["sms"]
    assert (await assign("spring", anna)).json()["assignments"] == spoken(anna, sms=ben)
    one_voice = (await assign("spring", None, channel="sms")).json()
    assert (one_voice["assignments"], one_voice["overrides"]) == (spoken(anna), [])
    assert await speaking() == [anna, anna]


async def test_the_client_as_released_resolves_the_same_on_every_channel(
    feed, create, assign, as_released
):
    names = ("Default", "Anna", "Ben")
    default, anna, ben = [(await create(name))["persona_id"] for name in names]
    chosen = {
        "none": {},
        "general": {"any": anna},
        "sms": {"sms": ben},
        "both": {"any": anna, "sms": ben},
        "all": {"any": anna, "email": ben, "sms": ben, "linkedin": ben},
    }
    for campaign_id, places in chosen.items():
        await feed.synced(campaign_id)
        for channel, persona_id in places.items():
            assert (await assign(campaign_id, persona_id, channel=channel)).status_code == 200
    await feed.published()
    questions = [
        {"workspace_id": feed.workspace_id, "campaign_id": campaign_id, "channel": channel}
        for campaign_id in chosen
        for channel in ("email", "sms", "linkedin")
    ]
    expected = [
        chosen[q["campaign_id"]].get(q["channel"], chosen[q["campaign_id"]].get("any", default))
        for q in questions
    ]
    async with Roster(feed.nats_url, [feed.workspace_id]) as roster:
        now = [str(roster.resolve(**question).persona_id) for question in questions]
    assert now == expected
    released = await as_released(questions)
    assert [answer["persona_id"] for answer in released] == expected


async def test_the_same_assignment_again_says_nothing(feed, create, assign):
    anna = (await create("Anna"))["persona_id"]
    await feed.synced("spring")
    await assign("spring", anna)
    await assign("spring", anna)
    assert len(await feed.events("assignment.changed")) == 1


@pytest.mark.parametrize(
    ("bad", "status"),
    [
        ({"campaign_id": "never", "persona_id": None}, 404),
        ({"campaign_id": "summer", "persona_id": UNKNOWN}, 422),
    ],
)
async def test_a_bulk_assignment_is_all_or_nothing(feed, create, admin, listed, bad, status):
    anna = (await create("Anna"))["persona_id"]
    await feed.synced("spring")
    await feed.synced("summer")
    good = {"campaign_id": "spring", "persona_id": anna}
    answer = await admin.post("/api/campaigns/assignments", json={"assignments": [good, bad]})
    assert answer.status_code == status
    assert all(campaign["assignments"] == {} for campaign in (await listed()).values())
    assert await feed.events("assignment.changed") == []


async def test_a_bulk_assignment_is_one_revision(feed, create, admin, listed):
    anna = (await create("Anna"))["persona_id"]
    await feed.synced("spring")
    await feed.synced("summer")
    requested = [
        {"campaign_id": "summer", "persona_id": anna},
        {"campaign_id": "spring", "persona_id": anna, "channel": "sms"},
    ]
    answer = await admin.post("/api/campaigns/assignments", json={"assignments": requested})
    assert answer.status_code == 200, answer.text
    assigned = {name: item["assignments"] for name, item in (await listed()).items()}
    assert assigned == {"spring": {"sms": anna}, "summer": spoken(anna)}
    events = await feed.events("assignment.changed")
    assert len(events) == 2
    assert len({event["revision"] for event in events}) == 1


async def test_assignments_of_a_deleted_persona_become_null_and_say_so(
    feed, create, admin, assign, listed, resolve
):
    default = await create("Default")
    anna = (await create("Anna"))["persona_id"]
    await feed.synced("spring")
    await assign("spring", anna)
    gone = await admin.delete(f"/api/personas/{anna}", headers=MATCH_ANY)
    assert gone.status_code == 204
    assert (await listed())["spring"]["assignments"] == {}
    event = (await feed.events("assignment.changed"))[-1]
    assert (event["persona_id"], event["previous_persona_id"]) == (None, anna)
    (deleted,) = await feed.events("persona.deleted")
    assert deleted["revision"] == event["revision"]
    assert await feed.state("persona", anna) is None
    assert await feed.state("campaign", "spring") is None
    assert (await resolve(campaign_id="spring"))["persona_id"] == default["persona_id"]


async def test_the_first_tier_that_has_a_persona_speaks(feed, create, assign, resolve):
    default, campaign, sequence = [
        (await create(name))["persona_id"] for name in ("Default", "Campaign", "Sequence")
    ]
    await feed.synced("spring")
    await assign("spring", campaign, channel="email")
    asked = {"campaign_id": "spring", "sequence_persona_id": sequence}
    first = await resolve(**asked)
    assert (first["tier"], first["persona_id"]) == ("sequence", sequence)
    assert outcomes(first) == [("sequence", "CHOSEN")]
    second = await resolve(campaign_id="spring")
    assert (second["tier"], second["persona_id"]) == ("campaign", campaign)
    assert outcomes(second) == [("sequence", "NOT_SET"), ("campaign", "CHOSEN")]
    third = await resolve(campaign_id="spring", channel="sms")
    assert (third["tier"], third["persona_id"]) == ("default", default)
    assert outcomes(third)[-2:] == [("campaign", "NOT_SET"), ("default", "CHOSEN")]


async def test_without_personas_the_settings_speak_and_without_those_nobody(admin, resolve):
    nobody = await resolve()
    assert (nobody["tier"], nobody["persona_id"], nobody["revision"]) == ("none", None, 0)
    assert set(nobody["values"].values()) == {None}
    await admin.put("/api/workspace/settings", json={"ai_tone": "calm", "ai_persona_name": "Anna"})
    settings = await resolve()
    assert (settings["tier"], settings["sender_name"]) == ("settings", "Anna")
    assert settings["values"]["tone"] == "calm"
    assert settings["field_sources"]["tone"] == "settings"
    assert outcomes(settings)[-1] == ("settings", "CHOSEN")


async def test_an_unknown_or_inactive_persona_is_skipped_with_the_reason(
    feed, create, admin, assign, resolve
):
    default = (await create("Default"))["persona_id"]
    asleep = (await create("Asleep", is_active=False))["persona_id"]
    await feed.synced("spring")
    assert (await assign("spring", asleep)).status_code == 200
    resolution = await resolve(campaign_id="spring", sequence_persona_id=UNKNOWN)
    assert (resolution["tier"], resolution["persona_id"]) == ("default", default)
    assert resolution["skipped"] == [
        {"tier": "sequence", "persona_id": UNKNOWN, "reason": "DANGLING_REF"},
        {"tier": "campaign", "persona_id": asleep, "reason": "INACTIVE"},
    ]
    assert outcomes(resolution) == [
        ("sequence", "DANGLING_REF"),
        ("campaign", "INACTIVE"),
        ("default", "CHOSEN"),
    ]
    await admin.patch(f"/api/personas/{asleep}", json={"is_active": True}, headers=MATCH_ANY)
    assert (await resolve(campaign_id="spring"))["persona_id"] == asleep


async def test_an_empty_field_falls_to_the_setting_and_an_explanation_is_only_given_when_asked(
    create, viewer, resolve
):
    await create("Default", tone="calm")
    other = (await create("Other", greeting="Hi,"))["persona_id"]
    explained = await resolve(sequence_persona_id=other)
    sources = explained["field_sources"]
    assert (sources["greeting"], sources["tone"], sources["goals"]) == (
        "persona",
        "settings",
        "none",
    )
    assert explained["values"]["tone"] == "calm"
    short = (await viewer.get("/api/resolve", params={"sequence_persona_id": other})).json()
    assert (short["values"], short["considered"]) == (None, None)
