"""Cases of the resolution for resolvers in other languages: `resolution-vectors.json`.

Run `python shared/client/tests/vectors.py` to write it.
"""

import json
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any
from uuid import UUID

from persona_client import resolve_in
from persona_client.resolution import WorkspaceView
from persona_contracts import CampaignState, Channel, ResolvedPersona, WorkspaceState

FILE = Path(__file__).parents[1] / "resolution-vectors.json"
ABOUT = (
    "Who speaks: documents of one workspace as they stand in PERSONA_STATE, a question, and the"
    " answer. Documents hold what a resolver reads; the real ones have more fields."
)
FIELDS = {
    "sender_name": ("persona_name", "ai_persona_name"),
    "tone": ("tone", "ai_tone"),
    "greeting": ("greeting", "ai_greeting"),
    "sms_greeting": ("sms_greeting", "ai_sms_greeting"),
    "signature": ("signature", "ai_signature"),
    "goals": ("goals", "ai_goals"),
    "service_description": ("service_description", "service_description"),
}
TIERS = ("session", "sequence", "campaign", "default")
IDS = {tier: str(UUID(int=number)) for number, tier in enumerate(TIERS, 1)}
SETTINGS: dict[str, Any] = {legacy: f"settings {field}" for field, (_, legacy) in FIELDS.items()}
CASE = {"workspace": {"revision": 9}, "personas": [], "campaigns": [], "question": {}}


def persona(tier: str, **fields: Any) -> dict[str, Any]:
    """Return the document of the persona that a tier names."""
    return {
        "persona_id": IDS[tier],
        "name": f"the {tier}'s",
        "is_active": True,
        "version": 3,
        "revision": 7,
        **fields,
    }


def campaign(campaign_id: str = "spring", **assignments: str) -> dict[str, Any]:
    """Return the document of an assigned campaign."""
    named = {channel: IDS[tier] for channel, tier in assignments.items()}
    return {"campaign_id": campaign_id, "name": "Spring", "revision": 5, "assignments": named}


def tiers() -> Iterator[dict[str, Any]]:
    """Each tier usable, unset, dangling or inactive, with and without legacy settings."""
    states = ("usable", "unset", "dangling", "inactive")
    for number, (sequence, of_campaign, default) in enumerate(product(states, repeat=3)):
        chosen = {"sequence": sequence, "campaign": of_campaign, "default": default}
        yield {
            "name": ", ".join(f"{tier} {state}" for tier, state in chosen.items()),
            "workspace": {
                "revision": 9,
                **(SETTINGS if number % 2 else {}),
                **({} if default == "unset" else {"default_persona_id": IDS["default"]}),
            },
            "personas": [
                persona(tier, is_active=state == "usable")
                for tier, state in chosen.items()
                if state in {"usable", "inactive"}
            ],
            "campaigns": [] if of_campaign == "unset" else [campaign(email="campaign")],
            "question": {
                "campaign_id": "spring",
                **({} if sequence == "unset" else {"sequence_persona_id": IDS["sequence"]}),
            },
        }


def sessions() -> Iterator[dict[str, Any]]:
    """A conversation's own persona comes first."""
    whole = {
        "workspace": {"revision": 9, "default_persona_id": IDS["default"]},
        "question": {"session_persona_id": IDS["session"]},
    }
    default = persona("default")
    yield {"name": "session usable", "personas": [persona("session"), default], **whole}
    inactive = persona("session", is_active=False)
    yield {"name": "session inactive", "personas": [inactive, default], **whole}
    yield {"name": "session dangling", "personas": [default], **whole}


def channels() -> Iterator[dict[str, Any]]:
    """A channel's own assignment, else the general one, else none."""
    personas = [persona("campaign"), persona("default"), persona("sequence")]
    workspace = {"revision": 9, "default_persona_id": IDS["default"]}
    for channel in ("email", "sms", "linkedin"):
        assigned = {
            "its own and a general one": {channel: "campaign", "any": "sequence"},
            "a general one": {"any": "sequence"},
            "another channel's": {"sms" if channel == "email" else "email": "campaign"},
            "none": {},
        }
        for name, assignments in assigned.items():
            yield {
                "name": f"{channel}: the campaign has {name}",
                "workspace": workspace,
                "personas": personas,
                "campaigns": [campaign(**assignments)],
                "question": {"campaign_id": "spring", "channel": channel},
            }
    yield {
        "name": "the campaign is not known",
        "workspace": workspace,
        "personas": personas,
        "campaigns": [campaign("autumn", any="campaign")],
        "question": {"campaign_id": "spring"},
    }


def fields() -> Iterator[dict[str, Any]]:
    """A field that the persona lacks takes the legacy setting, never another persona's."""
    for field, (own, legacy) in FIELDS.items():
        for name, value in (("has", "own words"), ("has a blank", " \t\n"), ("lacks a", None)):
            label = {"name": "Default Persona"} if field == "sender_name" else {}
            for setting in ("settings' words", " "):
                yield {
                    "name": f"the persona {name} {own}, {legacy} is {setting!r}",
                    "workspace": {
                        "revision": 9,
                        "default_persona_id": IDS["default"],
                        legacy: setting,
                    },
                    "personas": [persona("default", **label, **{own: value})],
                }
    one = {"revision": 9, "default_persona_id": IDS["default"]}
    for label in ("Support", "Default Persona", " "):
        named = persona("default", name=label)
        yield {"name": f"the label is {label!r}", "workspace": one, "personas": [named]}
    signature = " Best,\r\n\tAnn  \n"
    yield {
        "name": "a signature is verbatim",
        "workspace": one,
        "personas": [persona("default", signature=signature)],
    }


def workspaces() -> Iterator[dict[str, Any]]:
    """What the workspace alone has."""
    for _, legacy in FIELDS.values():
        yield {"name": f"{legacy} alone", "workspace": {"revision": 9, legacy: "words"}}
    yield {"name": "nothing was ever written", "workspace": None}
    profile = {"ideal_customer_profile": "dentists", "qualification_questions": ["How many?", "B"]}
    yield {
        "name": "profile and questions in the tier none",
        "workspace": {"revision": 9, **profile},
    }
    yield {
        "name": "profile and questions beside a persona",
        "workspace": {"revision": 9, "default_persona_id": IDS["default"], **profile},
        "personas": [persona("default")],
    }


def cases() -> list[dict[str, Any]]:
    """Return all cases, each with its answer."""
    groups = (tiers(), sessions(), channels(), fields(), workspaces())
    told = [CASE | case for group in groups for case in group]
    return [{**case, "answer": answer(case)} for case in told]


def answer(case: dict[str, Any]) -> dict[str, Any]:
    """Return what this project's resolver answers, ready for JSON."""
    filled = {
        "prompts": {"system": "", "rag": "", "user": ""},
        "updated_at": "2026-01-01T00:00:00Z",
    }
    personas = [ResolvedPersona.model_validate(filled | each) for each in case["personas"]]
    campaigns = [CampaignState.model_validate(each) for each in case["campaigns"]]
    workspace = case["workspace"] and WorkspaceState.model_validate(case["workspace"])
    question = case["question"]
    choice = resolve_in(
        WorkspaceView(
            workspace=workspace,
            personas={each.persona_id: each for each in personas},
            campaigns={each.campaign_id: each for each in campaigns},
        ),
        campaign_id=question.get("campaign_id"),
        channel=Channel(question.get("channel", "email")),
        **{
            name: UUID(question[name])
            for name in ("sequence_persona_id", "session_persona_id")
            if name in question
        },
    )
    return {
        "tier": choice.tier,
        "reason": choice.reason,
        "persona_id": None if choice.persona is None else str(choice.persona.persona_id),
        "revision": choice.revision,
        **{field: getattr(choice, field) for field in FIELDS},
        "ideal_customer_profile": choice.ideal_customer_profile,
        "qualification_questions": list(choice.qualification_questions),
        "skipped": [
            {"tier": each.tier, "persona_id": str(each.persona_id), "reason": each.reason}
            for each in choice.skipped
        ],
        "field_sources": dict(choice.field_sources),
    }


def text() -> str:
    """Return what the file holds."""
    lines = ",\n".join(json.dumps(case, ensure_ascii=False) for case in cases())
    return f'{{"about": {json.dumps(ABOUT)},\n"cases": [\n{lines}\n]}}\n'


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
