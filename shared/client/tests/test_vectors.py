"""`resolution-vectors.json` proves a resolver: here one that was written without ours."""

import json

import pytest
import vectors

CASES = json.loads(vectors.FILE.read_text(encoding="utf-8"))["cases"]
LEGACY = {field: legacy for field, (_, legacy) in vectors.FIELDS.items()}


def filled(text):
    return text if text and text.strip() else None


def who_speaks(case):
    """Return the chosen persona's document or None, its tier, and what was skipped."""
    question, skipped = case["question"], []
    workspace = case["workspace"] or {}
    assignments = {each["campaign_id"]: each["assignments"] for each in case["campaigns"]}.get(
        question.get("campaign_id"), {}
    )
    named = {
        "session": question.get("session_persona_id"),
        "sequence": question.get("sequence_persona_id"),
        "campaign": assignments.get(question.get("channel", "email"), assignments.get("any")),
        "default": workspace.get("default_persona_id"),
    }
    personas = {each["persona_id"]: each for each in case["personas"]}
    for tier, persona_id in named.items():
        if persona_id is None:
            continue
        if persona_id in personas and personas[persona_id]["is_active"]:
            return personas[persona_id], tier, skipped
        reason = "INACTIVE" if persona_id in personas else "DANGLING_REF"
        skipped.append({"tier": tier, "persona_id": persona_id, "reason": reason})
    has_settings = any(filled(workspace.get(legacy)) for legacy in LEGACY.values())
    return None, "settings" if has_settings else "none", skipped


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_another_resolver_answers_as_the_vectors_say(case):
    persona, tier, skipped = who_speaks(case)
    answer, workspace = case["answer"], case["workspace"] or {}
    assert (answer["tier"], answer["reason"], answer["skipped"]) == (tier, tier.upper(), skipped)
    assert answer["persona_id"] == (persona and persona["persona_id"])
    for field, (own_field, legacy) in vectors.FIELDS.items():
        own = filled(persona and persona.get(own_field))
        if field == "sender_name" and own is None and persona:
            own = filled(persona["name"]) if persona["name"] != "Default Persona" else None
        setting = filled(workspace.get(legacy))
        assert answer[field] == (own or setting)
        source = "persona" if own else "settings" if setting else "none"
        assert answer["field_sources"][field] == source


def test_the_file_is_current_and_has_every_kind():
    assert vectors.FILE.read_text(encoding="utf-8") == vectors.text()
    assert len(CASES) >= 60
    assert len({case["name"] for case in CASES}) == len(CASES)
