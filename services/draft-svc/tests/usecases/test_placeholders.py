"""What a model leaves to be filled is asked for once more, and never becomes a draft."""

import html
import json
from pathlib import Path

import pytest
from draft_svc.adapters import drafts
from draft_svc.domain.draft import DraftStatus
from draft_svc.domain.placeholders import PlaceholderLeftError
from draft_svc.usecases.approve_draft import approve_draft
from persona_model.knowledge import KnowledgeAnswer, PassageText

CASES = json.loads(
    (Path(__file__).resolve().parents[4] / "tests" / "cases" / "cases.json").read_text()
)
(FALLBACK,) = (case for case in CASES if case["id"] == "greeting-fallback")
LEFT = [
    "It costs {price} a month.",
    "Dear customer, {{company}} pays 490 EUR.",
    "It is fair, as [Company Name] says.",
    "We offer *|COMPANY|* the price of %PRICE%.",
    "Write to <<first name>> }} now.",
    "Ask {firstName, who knows.",
    "Ask firstName}, who knows.",
    "Book a time here: [link]",
    "Let us talk on [date].",
    "Grüße an 【姓名】 und ｛firstName｝.",
    "It costs [insert price here].",
    "Hello ____, it costs 490 EUR.",
    "Write to [Kalenderlink].",
]
UNSIGNED = {"persona_name": None, "signature": None}


@pytest.fixture
def greets(personas):
    def greet(greeting):
        personas.default = personas.default.model_copy(update={"greeting": greeting})

    return greet


@pytest.mark.parametrize("body", LEFT)
async def test_an_answer_with_a_placeholder_is_asked_for_once_more(accept, work, writer, body):
    writer.bodies = [body, "It costs 490 EUR."]
    draft = await work.do(await accept())
    assert writer.writes == 2
    assert "It costs 490 EUR." in draft.text
    writer.bodies = ["It costs 490 EUR."]
    once = await work.do(await accept())
    assert draft.usage.output_tokens > once.usage.output_tokens


@pytest.mark.parametrize("body", LEFT)
async def test_the_second_placeholder_fails_the_draft(accept, work, writer, body):
    writer.body = body
    with pytest.raises(PlaceholderLeftError) as refused:
        await work.do(await accept())
    assert writer.writes == 2
    assert refused.value.slug == "placeholder-left"


@pytest.mark.parametrize("body", LEFT)
async def test_what_the_lead_or_a_passage_wrote_may_be_quoted(accept, work, writer, shelf, body):
    writer.body = body
    assert (await work.do(await accept(body_text=f"What does this mean: {body}"))).text
    passage = PassageText(
        text=f"Our templates: {body}",
        source="help.pdf",
        page_start=1,
        file_id="f1",
        chunk_id="c1",
        persona_id=None,
    )
    shelf.answer = KnowledgeAnswer("used", (passage,))
    assert (await work.do(await accept())).text
    assert writer.writes == 2


@pytest.mark.parametrize(
    "body",
    ["Hi {first_name},\n\nIt costs 490 EUR.", "Dear [First Name]:\n\nIt costs 490 EUR."],
)
async def test_a_greeting_that_is_replaced_is_not_left(accept, work, writer, greets, body):
    greets("Hello {firstName|there},")
    writer.body = body
    draft = await work.do(await accept(lead={"first_name": "Ada"}))
    assert draft.body == "Hello Ada,\n\nIt costs 490 EUR."
    assert writer.writes == 1


@pytest.mark.parametrize(
    "body", ['Send {"id": 7}.', "Use {} for a set.", "100% [1] <b>", "50% [sic]"]
)
async def test_code_is_no_placeholder(accept, work, writer, body):
    writer.body = body
    assert body in (await work.do(await accept())).text
    assert writer.writes == 1


@pytest.mark.parametrize(
    ("lead", "start"),
    list(zip([{"first_name": "Ada"}, {}], FALLBACK["expect"]["starts"], strict=True)),
)
async def test_a_greeting_falls_back_to_its_default(accept, work, greets, lead, start):
    greets(FALLBACK["greeting"]["greeting"])
    assert (await work.do(await accept(lead=lead))).text.startswith(start)


async def test_an_attribute_of_the_lead_stands_in_a_greeting(accept, work, greets):
    greets("Hi {lead.nickname|there}, {lead.seats} seats,")
    known = {"first_name": "Ada", "attributes": {"nickname": "N/A", "seats": 12}}
    assert (await work.do(await accept(lead=known))).text.startswith("Hi there, 12 seats,")


async def test_a_model_is_not_told_what_a_crm_left_empty(accept, work, writer):
    told = []
    original = writer.write

    async def write(brief, strategy):
        told.append(brief.lead)
        return await original(brief, strategy)

    writer.write = write
    await work.do(await accept(lead={"first_name": "null", "company": "{{company}}", "email": "-"}))
    assert told == [{}]


@pytest.mark.parametrize("body", ["Call [Your Name] for it.", "See [signature] for the number."])
async def test_a_place_for_a_name_that_nobody_has_is_left(accept, work, writer, personas, body):
    personas.default = personas.default.model_copy(update=UNSIGNED)
    personas.default = personas.default.model_copy(update={"name": "Default Persona"})
    writer.body = body
    with pytest.raises(PlaceholderLeftError):
        await work.do(await accept())


@pytest.mark.parametrize("signature", ["Anna\n{{ company }}", "Anna {phone}", "[Your Name]"])
async def test_a_signature_that_nothing_fills_fails_the_draft_before_any_call(
    accept, work, writer, personas, signature
):
    personas.default = personas.default.model_copy(update={"signature": signature})
    with pytest.raises(PlaceholderLeftError) as refused:
        await work.do(await accept())
    assert [error.field for error in refused.value.errors] == ["signature"]
    assert (writer.plans, writer.writes) == (0, 0)


@pytest.mark.parametrize("typed", LEFT)
@pytest.mark.parametrize("field", ["body", "subject"])
async def test_a_person_is_told_what_nothing_fills(session, a_ready_draft, field, typed):
    draft = await a_ready_draft()
    with pytest.raises(PlaceholderLeftError) as refused:
        await approve_draft(session, draft, by="ann", **{field: typed})
    (error, *_) = refused.value.errors
    assert error.field == field
    assert "at character" in error.message
    assert (await drafts.get(session, draft.draft_id)).status is DraftStatus.READY


@pytest.mark.parametrize("typed", LEFT)
async def test_a_person_may_quote_the_lead_the_passages_and_the_draft(
    session, a_ready_draft, writer, shelf, typed
):
    draft = await a_ready_draft(body_html=f"<p>What is this:</p><pre>{html.escape(typed)}</pre>")
    assert (await approve_draft(session, draft, by="ann", body=typed)).body == typed
    passage = PassageText(
        text=f"Our templates: {typed}",
        source="help.pdf",
        page_start=1,
        file_id="f1",
        chunk_id="c1",
        persona_id=None,
    )
    shelf.answer = KnowledgeAnswer("used", (passage,))
    writer.body = f"Write: {typed}"
    draft = await a_ready_draft()
    assert (await approve_draft(session, draft, by="ann", body=typed)).body == typed


@pytest.mark.parametrize(
    "typed", ['Send {"id": 7}.', "Use {} for a set.", "100% [1] <b>", ";}", "It is [sic] so [EU]."]
)
async def test_a_person_may_write_code(session, a_ready_draft, typed):
    draft = await a_ready_draft()
    assert (await approve_draft(session, draft, by="ann", body=typed)).body == typed


async def test_who_wants_to_be_removed_is_greeted_by_an_attribute_too(accept, work, greets):
    greets("Hi {lead.nickname|there},")
    known = {"first_name": "Ada", "attributes": {"nickname": "Addie"}}
    draft = await work.do(await accept(lead=known, body_text="Please remove me from your list."))
    assert draft.text.startswith("Hi Addie,")
