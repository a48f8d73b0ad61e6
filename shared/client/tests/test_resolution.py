"""Who speaks: every tier, every state of what a tier names, every field."""

import json
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from persona_client import Freshness, Resolution, Skipped, WorkspaceView, resolve_in
from persona_contracts import Channel

TIERS = ("sequence", "campaign", "default")
STATES = ("usable", "unset", "dangling", "inactive")
LEGACY = {
    "sender_name": "ai_persona_name",
    "tone": "ai_tone",
    "greeting": "ai_greeting",
    "sms_greeting": "ai_sms_greeting",
    "signature": "ai_signature",
    "goals": "ai_goals",
    "service_description": "service_description",
}
SETTINGS = {legacy: f"workspace's {field}" for field, legacy in LEGACY.items()}


def view(workspace=None, personas=(), campaigns=()):
    return WorkspaceView(
        workspace=workspace,
        personas={persona.persona_id: persona for persona in personas},
        campaigns={campaign.campaign_id: campaign for campaign in campaigns},
    )


def situation(make, states, settings):
    """Return (view, ids by tier, the question) for one state per tier."""
    personas = {
        tier: make.persona(f"the {tier}'s", revision=7, version=3, is_active=state != "inactive")
        for tier, state in zip(TIERS, states, strict=True)
    }
    ids = {
        tier: None if state == "unset" else personas[tier].persona_id
        for tier, state in zip(TIERS, states, strict=True)
    }
    known = [
        personas[tier]
        for tier, state in zip(TIERS, states, strict=True)
        if state in {"usable", "inactive"}
    ]
    workspace = make.workspace(
        revision=9, default_persona_id=ids["default"], **(SETTINGS if settings else {})
    )
    campaign = make.campaign("spring", email=ids["campaign"])
    question = {"campaign_id": "spring", "sequence_persona_id": ids["sequence"]}
    return view(workspace, known, [campaign]), ids, question


@pytest.mark.parametrize("settings", [True, False], ids=["settings", "no settings"])
@pytest.mark.parametrize("default", STATES)
@pytest.mark.parametrize("campaign", STATES)
@pytest.mark.parametrize("sequence", STATES)
def test_first_usable_tier_speaks_and_what_was_skipped_is_told(
    make, sequence, campaign, default, settings
):
    states = (sequence, campaign, default)
    known, ids, question = situation(make, states, settings)

    choice = resolve_in(known, **question)

    reasons = {"dangling": "DANGLING_REF", "inactive": "INACTIVE"}
    usable = [tier for tier, state in zip(TIERS, states, strict=True) if state == "usable"]
    expected = usable[0] if usable else "settings" if settings else "none"
    walked = TIERS[: TIERS.index(expected)] if expected in TIERS else TIERS
    assert choice.tier == expected
    assert choice.reason == expected.upper()
    assert choice.skipped == tuple(
        Skipped(tier, ids[tier], reasons[state])
        for tier, state in zip(TIERS, states, strict=True)
        if tier in walked and state in reasons
    )
    assert choice.revision == (7 if expected in TIERS else 9 if expected == "settings" else 0)
    assert (choice.persona.persona_id if choice.persona else None) == ids.get(expected)


@pytest.mark.parametrize("settings", [True, False], ids=["settings", "no settings"])
@pytest.mark.parametrize("own", ["persona's", None, " \n"], ids=["set", "empty", "blank"])
@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize("field", LEGACY)
def test_field_comes_from_the_persona_else_from_settings(make, field, tier, own, settings):
    name = "persona_name" if field == "sender_name" else field
    label = "Default Persona" if field == "sender_name" else "Support"
    speaker = make.persona(label, **{name: own})
    rich = make.persona(**{name: "another persona's"})
    ids = dict.fromkeys(TIERS[TIERS.index(tier) + 1 :], rich.persona_id)
    ids[tier] = speaker.persona_id
    workspace = make.workspace(
        default_persona_id=ids.get("default"), **(SETTINGS if settings else {})
    )
    campaign = make.campaign("spring", email=ids.get("campaign"))

    choice = resolve_in(
        view(workspace, [speaker, rich], [campaign]),
        campaign_id="spring",
        sequence_persona_id=ids.get("sequence"),
    )

    expected = (
        ("persona's", "persona")
        if own == "persona's"
        else (SETTINGS[LEGACY[field]], "settings")
        if settings
        else (None, "none")
    )
    assert choice.tier == tier
    assert (getattr(choice, field), choice.field_sources[field]) == expected


@pytest.mark.parametrize("field", LEGACY)
def test_one_legacy_field_is_enough_for_the_settings_tier(make, field):
    choice = resolve_in(view(make.workspace(revision=4, **{LEGACY[field]: "old"})))

    assert (choice.tier, choice.reason, choice.revision) == ("settings", "SETTINGS", 4)
    assert getattr(choice, field) == "old"
    assert choice.field_sources == {
        item: "settings" if item == field else "none" for item in LEGACY
    }


@pytest.mark.parametrize("known", [True, False], ids=["empty workspace", "unknown workspace"])
def test_without_anything_the_tier_is_none_and_everything_is_null(make, known):
    choice = resolve_in(view(make.workspace(ai_tone="  ") if known else None))

    assert (choice.tier, choice.reason, choice.revision) == ("none", "NONE", 0)
    assert [getattr(choice, field) for field in LEGACY] == [None] * 7
    assert set(choice.field_sources.values()) == {"none"}
    assert (choice.ideal_customer_profile, choice.qualification_questions) == (None, ())


@pytest.mark.parametrize(
    ("persona_name", "label", "legacy", "expected"),
    [
        ("Ann Lee", "Support", "Old", ("Ann Lee", "persona")),
        (None, "Support", "Old", ("Support", "persona")),
        (None, "Default Persona", "Old", ("Old", "settings")),
        (None, "Default Persona", None, (None, "none")),
        ("Ann Lee", "Default Persona", None, ("Ann Lee", "persona")),
    ],
)
def test_sender_name_is_the_name_else_the_label_but_never_default_persona(
    make, persona_name, label, legacy, expected
):
    persona = make.persona(label, persona_name=persona_name)
    workspace = make.workspace(default_persona_id=persona.persona_id, ai_persona_name=legacy)

    choice = resolve_in(view(workspace, [persona]))

    assert (choice.sender_name, choice.field_sources["sender_name"]) == expected


@pytest.mark.parametrize("channel", Channel)
def test_a_channel_takes_its_own_assignment_else_the_campaigns(make, channel):
    in_general, own, default = make.persona("g"), make.persona("o"), make.persona("d")
    workspace = make.workspace(default_persona_id=default.persona_id)
    campaigns = [
        make.campaign("one", any=in_general.persona_id),
        make.campaign("two", any=in_general.persona_id, **{channel: own.persona_id}),
    ]
    known = view(workspace, [in_general, own, default], campaigns)

    assert resolve_in(known, campaign_id="one", channel=channel).persona == in_general
    assert resolve_in(known, campaign_id="two", channel=channel).persona == own
    for other in set(Channel) - {channel}:
        assert resolve_in(known, campaign_id="two", channel=other).persona == in_general


@pytest.mark.parametrize("channel", [Channel.SMS, Channel.LINKEDIN])
def test_without_a_general_assignment_a_channel_takes_only_its_own(make, channel):
    by_email, own, default = make.persona("e"), make.persona("o"), make.persona("d")
    workspace = make.workspace(default_persona_id=default.persona_id)
    campaigns = [
        make.campaign("one", email=by_email.persona_id),
        make.campaign("two", email=by_email.persona_id, **{channel: own.persona_id}),
    ]
    known = view(workspace, [by_email, own, default], campaigns)

    assert resolve_in(known, campaign_id="one", channel=channel).persona == default
    assert resolve_in(known, campaign_id="two", channel=channel).persona == own
    assert resolve_in(known, campaign_id="two").persona == by_email


def test_unassigned_campaign_falls_to_the_default_without_a_skip(make):
    default = make.persona()
    known = view(make.workspace(default_persona_id=default.persona_id), [default])

    choice = resolve_in(known, campaign_id="never-assigned")

    assert (choice.tier, choice.skipped) == ("default", ())


def test_profile_and_questions_are_the_workspaces_in_every_tier(make):
    persona = make.persona()
    ours = {"ideal_customer_profile": "Bakers", "qualification_questions": ["Ovens?", "When?"]}

    for workspace in (
        make.workspace(**ours),
        make.workspace(**ours, ai_tone="warm"),
        make.workspace(**ours, default_persona_id=persona.persona_id),
    ):
        choice = resolve_in(view(workspace, [persona]))
        assert choice.ideal_customer_profile == "Bakers"
        assert choice.qualification_questions == ("Ovens?", "When?")


def test_signature_is_kept_verbatim(make):
    persona = make.persona(signature="\n  Ann\n  Acme \n")
    choice = resolve_in(view(make.workspace(default_persona_id=persona.persona_id), [persona]))
    assert choice.signature == "\n  Ann\n  Acme \n"


def test_as_dict_is_ready_for_json_and_says_why(make):
    known, ids, question = situation(make, ("dangling", "inactive", "usable"), settings=True)
    resolution = Resolution(resolve_in(known, **question), 1.25, Freshness.READY)

    assert json.loads(json.dumps(resolution.as_dict())) == {
        "tier": "default",
        "reason": "DEFAULT",
        "persona_id": str(ids["default"]),
        "version": 3,
        "revision": 7,
        "sender_name": "the default's",
        "skipped": [
            {
                "tier": "sequence",
                "persona_id": str(ids["sequence"]),
                "reason": "DANGLING_REF",
            },
            {"tier": "campaign", "persona_id": str(ids["campaign"]), "reason": "INACTIVE"},
        ],
        "field_sources": {
            item: "persona" if item == "sender_name" else "settings" for item in LEGACY
        },
        "age_seconds": 1.25,
        "freshness": "READY",
    }


def test_resolution_cannot_be_changed():
    resolution = Resolution(resolve_in(view()), 0.0, Freshness.READY)
    with pytest.raises(AttributeError):
        resolution.sender_name = "Mallory"
    with pytest.raises(TypeError):
        resolution.field_sources["tone"] = "persona"


texts = st.sampled_from([None, "", " ", "a", "b"])
fields = st.fixed_dictionaries(
    {"persona_name": texts, "is_active": st.booleans()}
    | {field: texts for field in LEGACY if field != "sender_name"}
)


@given(
    personas=st.lists(fields, max_size=4),
    legacy=st.fixed_dictionaries(dict.fromkeys(LEGACY.values(), texts)),
    picks=st.tuples(*[st.none() | st.integers(0, 5)] * 3),
    extra=fields,
)
def test_one_persona_speaks_and_an_unrelated_one_changes_nothing(
    make, personas, legacy, picks, extra
):
    known = [
        make.persona(f"p{number}", **{**item, **_marked(item, number)})
        for number, item in enumerate(personas)
    ]
    ids = [persona.persona_id for persona in known] + [uuid4() for _ in range(6)]
    sequence, campaign, default = (None if pick is None else ids[pick] for pick in picks)
    workspace = make.workspace(default_persona_id=default, **legacy)
    campaigns = [make.campaign("spring", email=campaign)]
    question = {"campaign_id": "spring", "sequence_persona_id": sequence}

    choice = resolve_in(view(workspace, known, campaigns), **question)
    crowded = resolve_in(
        view(workspace, [*known, make.persona("x", **extra)], campaigns), **question
    )

    assert crowded == choice
    for field, source in choice.field_sources.items():
        value = getattr(choice, field)
        if source == "persona":
            attribute = "persona_name" if field == "sender_name" else field
            own = {getattr(choice.persona, attribute), choice.persona.name}
            assert value in own
        elif source == "settings":
            assert value == getattr(workspace, LEGACY[field])
        else:
            assert value is None


def _marked(item, number):
    """Make every text of a persona its own, so that a mix would show."""
    return {
        field: f"{value}{number}"
        for field, value in item.items()
        if isinstance(value, str) and value.strip()
    }
