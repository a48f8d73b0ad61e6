"""Who speaks: four tiers x {set, unset, dangling, inactive, empty field}, each exact (A42-A45)."""

from itertools import product
from uuid import UUID, uuid4

import pytest
from following import persona
from followup_svc.domain.template import render
from followup_svc.domain.tokens import Facts
from persona_client.resolution import WorkspaceView, resolve_in
from persona_contracts import CampaignState, WorkspaceState

TIERS = ("sequence", "campaign", "default")
KINDS = ("set", "unset", "dangling", "inactive", "empty")
SETTINGS = ("set", "unset")
CASES = list(product(KINDS, KINDS, KINDS, SETTINGS))


def situation(kinds, settings):
    """Return the state documents, and the id that each tier names."""
    personas, named = {}, {}
    for tier, kind in zip(TIERS, kinds, strict=True):
        if kind == "unset":
            continue
        named[tier] = uuid4()
        if kind == "dangling":
            continue
        texts = {"name": tier, "persona_name": f"{tier} name", "signature": f"{tier} signature"}
        if kind == "empty":
            # A label of nobody's own: the sender's name falls to the settings, too.
            texts = {"name": "Default Persona", "persona_name": None, "signature": "  "}
        personas[named[tier]] = persona(
            persona_id=named[tier], is_active=kind != "inactive", **texts
        )
    has_settings = settings == "set"
    workspace = WorkspaceState(
        default_persona_id=named.get("default"),
        ai_persona_name="settings name" if has_settings else None,
        ai_signature="settings signature" if has_settings else None,
        revision=7,
    )
    campaign = CampaignState(
        campaign_id="c",
        name="c",
        assignments={"email": named["campaign"]} if "campaign" in named else {},
        revision=7,
    )
    return WorkspaceView(workspace=workspace, personas=personas, campaigns={"c": campaign}), named


def expected(kinds, settings):
    """Return tier, name, signature, and what was skipped, by the rules in words."""
    skipped = []
    from_settings = ("settings name", "settings signature") if settings == "set" else (None, None)
    for tier, kind in zip(TIERS, kinds, strict=True):
        if kind == "dangling":
            skipped.append((tier, "DANGLING_REF"))
        elif kind == "inactive":
            skipped.append((tier, "INACTIVE"))
        elif kind == "set":
            return tier, f"{tier} name", f"{tier} signature", skipped
        elif kind == "empty":
            return tier, *from_settings, skipped
    return "settings" if settings == "set" else "none", *from_settings, skipped


@pytest.mark.parametrize("case", CASES, ids="-".join)
def test_the_first_usable_persona_speaks_and_its_gaps_are_filled_by_settings_alone(case):
    *kinds, settings = case
    view, named = situation(kinds, settings)
    choice = resolve_in(view, campaign_id="c", sequence_persona_id=named.get("sequence"))
    tier, name, signature, skipped = expected(kinds, settings)
    assert (choice.tier, choice.sender_name, choice.signature) == (tier, name, signature)
    assert [(item.tier, item.reason) for item in choice.skipped] == skipped
    assert [item.persona_id for item in choice.skipped] == [named[one] for one, _ in skipped]
    assert all(isinstance(item.persona_id, UUID) for item in choice.skipped)
    sources = {True: "settings", False: "none"}
    persona_speaks = tier in TIERS and kinds[TIERS.index(tier)] == "set"
    source = "persona" if persona_speaks else sources[signature is not None]
    assert choice.field_sources["signature"] == choice.field_sources["sender_name"] == source
    rendered = render(
        "{senderName}: {signature}",
        Facts(sender_name=choice.sender_name, signature=choice.signature),
        max_chars=1_000,
    )
    assert rendered.rendered == (f"{name}: {signature}" if name and signature else None)
