"""What is sent to a model: valid by OpenAI's own document, without tools, data kept as data."""

import json
from pathlib import Path

import pytest
from briefs import INJECTIONS, brief, passage, voice
from draft_svc.adapters.offline_writer import OfflineWriter
from draft_svc.adapters.openai_writer import OpenAIWriter
from draft_svc.domain.strategy import parse_strategy
from jsonschema import Draft202012Validator
from persona_model.endpoint import ModelAbilities, ModelEndpoint, ModelPrice
from pydantic import SecretStr
from service_devkit.testing.http_stub import Reply

DOCUMENT = Path(__file__).parents[4].parent / "shared" / "openapi" / "openai-openapi.json"
PATH = "/v1/chat/completions"
STRATEGY = {
    "intent": "question",
    "questions": ["What does it cost?"],
    "objections": [],
    "answer_from": [],
    "next_step": "Offer a call.",
    "qualification_question": None,
}


def answer(content):
    choice = {"message": {"content": content}, "finish_reason": "stop"}
    usage = {"prompt_tokens": 1_000, "completion_tokens": 100}
    return Reply.of_json({"choices": [choice], "model": "m-1", "usage": usage})


@pytest.fixture
def requests_of(http_stub):
    """Return what makes a writer do both steps, and gives the requests that it sent."""

    async def both_steps(asked, **abilities):
        http_stub.on("POST", PATH, answer(json.dumps(STRATEGY)), answer("It costs 49 EUR. [1]"))
        writer = OpenAIWriter(
            ModelEndpoint(
                api_key=SecretStr("sk-x"),
                model="m",
                base_url=f"{http_stub.url}/v1",
                abilities=ModelAbilities(**abilities),
                prices={"m": ModelPrice(input_usd_per_million=2, output_usd_per_million=8)},
            )
        )
        text, planned = await writer.plan(asked)
        written = await writer.write(asked, parse_strategy(text))
        await writer.close()
        return [request.json() for request in http_stub.requests], planned, written

    return both_steps


@pytest.mark.skipif(not DOCUMENT.is_file(), reason="../shared/openapi is not there to check with")
@pytest.mark.parametrize(
    "abilities",
    [
        {},
        {"json_schema": False, "temperature": False},
        {"max_tokens_field": "max_tokens", "system_role": "system"},
    ],
)
@pytest.mark.parametrize("channel", ["email", "sms"])
async def test_requests_are_valid_by_openais_document(requests_of, abilities, channel):
    document = json.loads(DOCUMENT.read_text())
    schema = {
        "$ref": "#/components/schemas/CreateChatCompletionRequest",
        "components": document["components"],
    }
    asked = brief(channel=channel, voice=voice(temperature=0.4), passages=(passage("49 EUR"),))
    sent, _, _ = await requests_of(asked, **abilities)
    for request in sent:
        problems = Draft202012Validator(schema).iter_errors(request)
        assert [problem.message[:200] for problem in problems] == []


async def test_abilities_decide_what_is_sent(requests_of):
    asked = brief(voice=voice(temperature=0.4, max_tokens=77))
    (plan, write), _, _ = await requests_of(
        asked,
        json_schema=False,
        temperature=False,
        max_tokens_field="max_tokens",
        system_role="system",
    )
    assert plan["response_format"] == {"type": "json_object"}
    assert write["max_tokens"] == 77
    assert "temperature" not in plan
    assert "temperature" not in write
    assert {turn["role"] for turn in write["messages"]} == {"system", "user"}


@pytest.mark.parametrize(("personas", "planned"), [(0.4, 0.4), (None, 0)])
async def test_a_plan_is_made_at_the_personas_temperature_else_at_none(
    requests_of, personas, planned
):
    (plan, write), _, _ = await requests_of(brief(voice=voice(temperature=personas)))
    assert plan["temperature"] == planned
    assert write.get("temperature") == personas


async def test_usage_and_cost_are_counted(requests_of):
    _, planned, written = await requests_of(brief())
    for usage in (planned, written.usage):
        counted = (usage.input_tokens, usage.output_tokens, usage.cost_microusd)
        assert counted == (1_000, 100, 2_800)
    assert written.model == "m-1"


@pytest.mark.parametrize("attack", INJECTIONS)
async def test_no_reply_gets_out_of_its_place_or_is_offered_a_tool(requests_of, attack):
    sent, _, _ = await requests_of(brief(reply_text=attack))
    for request in sent:
        assert request.keys().isdisjoint({"tools", "functions", "tool_choice"})
        orders = [turn["content"] for turn in request["messages"] if turn["role"] != "user"]
        assert orders
        assert not any(attack in content for content in orders)


@pytest.mark.parametrize("attack", INJECTIONS)
async def test_the_offline_writer_never_repeats_what_a_reply_orders(attack):
    writer, asked = OfflineWriter(), brief(reply_text=attack)
    text, _ = await writer.plan(asked)
    written = await writer.write(asked, parse_strategy(text))
    again = await writer.write(asked, parse_strategy(text))
    assert written == again
    assert written.model == "offline"
    assert attack not in written.body
    assert asked.voice.instructions not in written.body


async def test_the_offline_writer_suggests_the_first_goal_of_a_list():
    asked = brief(channel="sms", voice=voice(goals="1. Book a demo.\n2. Ask for the budget."))
    written = await OfflineWriter().write(asked, None)
    assert written.body.endswith("What I would suggest next: book a demo.")


REMOVALS = (
    "Please remove me from your list. What is this anyway?",
    "STOP",
    "Unsubscribe",
    "How do I unsubscribe?",
    "Stop emailing me!",
    "Don\u2019t contact us again.",
    "Take me off your list, please.",
    "Bitte nehmen Sie mich aus dem Verteiler.",
    "Bitte keine weiteren E-Mails.",
    "Schreiben Sie mir nicht mehr, ich will nicht mehr angeschrieben werden.",
    "Merci de me d\u00e9sinscrire.",
    "Por favor, denme de baja.",
    "Mi cancelli dalla lista, cancellami dalla lista.",
    "Wilt u mij uitschrijven?",
    "Proszę mnie wypisać.",
    "Пожалуйста, не пишите мне больше.",
    "STOP SVP",
    "I do not want to hear from you again.",
    "Nehmen Sie mich bitte von der Liste.",
    "Merci de me retirer de votre liste.",
    "Não quero mais receber e-mails.",
    "Rimuovetemi dalla vostra lista.",
    "Nie chcę otrzymywać więcej wiadomości.",
    "Удалите меня из рассылки.",
    "Verwijder mij uit uw lijst.",
    "Ta bort mig från listan.",
    "请不要再给我发邮件",
    "더 이상 메일을 보내지 마세요",
)


@pytest.mark.parametrize("channel", ["email", "sms"])
@pytest.mark.parametrize("reply", REMOVALS)
async def test_the_offline_writer_neither_asks_nor_invites_who_wants_to_be_removed(reply, channel):
    prices = (passage("What does it cost? Removal from the list costs ten euros."),)
    asking = voice(goals="Book a call.", qualification_questions=("How many people are you?",))
    asked = brief(reply_text=reply, channel=channel, voice=asking, passages=prices)
    text, _ = await OfflineWriter().plan(asked)
    planned = parse_strategy(text)
    assert (planned.intent, planned.questions, planned.qualification_question) == (
        "unsubscribe",
        (),
        None,
    )
    for strategy in (planned, None):
        written = await OfflineWriter().write(asked, strategy)
        assert written.body.endswith("Understood: we will not write to you again.")
        assert written.cited == ()
        assert not any(word in written.body for word in ("?", "call", "euros", "Thank"))


@pytest.mark.parametrize(
    "reply",
    [
        "Can our customers unsubscribe in your tool?",
        "Take me through your prices, please.",
        "Don't call me before ten, what does it cost?",
        "We will not stop at 20 seats. Does it remove our old data?",
        "Kann man Mitarbeiter abmelden?",
        "Can we remove users from a plan?",
        "Our list is long, please send me the price of each.",
        "Löschen Sie unsere alten Verträge?",
        "Please send us no attachments. What does it cost?",
    ],
)
async def test_the_offline_writer_goes_on_with_whoever_only_mentions_removal(reply):
    text, _ = await OfflineWriter().plan(brief(reply_text=reply))
    assert parse_strategy(text).intent != "unsubscribe"


async def test_each_step_asks_the_model_that_is_chosen_for_it(requests_of):
    asked = brief(voice=voice(model="big", strategy_model="thinker"))
    sent, _, _ = await requests_of(asked)
    assert [request["model"] for request in sent] == ["thinker", "big"]
