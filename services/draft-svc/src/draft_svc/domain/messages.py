"""The messages for a model: the persona's instructions first, then the others' texts as data."""

import json
from collections.abc import Sequence
from typing import Final

from persona_contracts.types import Channel
from persona_model.citations import CITATION_LINE
from persona_model.fence import Piece
from persona_model.layers import Layers, render_layers
from persona_model.message import Message
from persona_model.persona_block import FACTS, joined, persona_block, section, within

from draft_svc.domain.brief import Brief
from draft_svc.domain.greeting import greeting_template
from draft_svc.domain.strategy import STRATEGY_SCHEMA, Strategy
from draft_svc.domain.text import SMS_MAX_CHARS

MAX_REPLY_CHARS: Final = 12_000
MAX_THREAD_CHARS: Final = 12_000
MAX_THREAD_TURNS: Final = 20
MAX_LEAD_CHARS: Final = 2_000
MAX_LEAD_VALUE_CHARS: Final = 300
LINKEDIN_CHARS: Final = 800

_SHAPES: Final = {
    Channel.EMAIL: (
        "Write the body of an e-mail, in plain text, without a subject line or Markdown."
    ),
    Channel.SMS: (
        f"Write one text message. With its greeting it may have {SMS_MAX_CHARS} characters: "
        f"aim at {SMS_MAX_CHARS // 2}. Plain words, no Markdown, no emoji."
    ),
    Channel.LINKEDIN: (
        f"Write one LinkedIn message of up to {LINKEDIN_CHARS} characters, in plain text, "
        "without Markdown."
    ),
}
_NEVER_SIGN: Final = (
    "Never sign: no closing such as “Best regards”, no name at the end, no signature, no "
    "placeholder. The signature is added afterwards."
)
_CITE: Final = (
    "Put no passage numbers into the body. After it, on a separate last line, write "
    f"“{CITATION_LINE}” and the numbers of the passages that you took facts from, or “none”."
)
_CITE_IN_BODY: Final = (
    "Put the number of the passage behind each fact that you took from one, in square brackets, "
    "such as [1], and no other numbers in brackets. After the body, on a separate last line, "
    f"write “{CITATION_LINE}” and these numbers, or “none”."
)
_PLAN_TASK: Final = (
    "Do not answer the reply yet: analyse it, and plan the answer. Return one JSON object that "
    f"follows this JSON schema, and nothing else:\n{json.dumps(STRATEGY_SCHEMA)}"
)


def compose_strategy_messages(brief: Brief) -> list[Message]:
    """Return the messages of the first step, which asks for a strategy as JSON.

    Raises:
        PromptFailedError: a layer makes no prompt of this reply.
    """
    return _messages(
        brief, [_PLAN_TASK, FACTS], _layers(brief), "Return the JSON object for the reply."
    )


def compose_write_messages(brief: Brief, strategy: Strategy | None) -> list[Message]:
    """Return the messages that ask for the body; a strategy is data too, made from the reply.

    Raises:
        PromptFailedError: a layer makes no prompt of this reply.
    """
    task = [_SHAPES[brief.channel], _greeting_rule(brief), _NEVER_SIGN, FACTS]
    if strategy is not None:
        task.append("Follow the plan among the data as far as it fits these instructions.")
    if brief.passages:
        task.append(_CITE_IN_BODY if brief.voice.cite_sources else _CITE)
    return _messages(brief, task, _layers(brief, strategy), "Write the answer to the reply.")


def _layers(brief: Brief, strategy: Strategy | None = None) -> Layers:
    plan = [] if strategy is None else [_plan(strategy)]
    others = [*_thread(brief), _lead(brief), *plan]
    return render_layers(brief.voice, brief.passages, others, _reply(brief))


def _messages(brief: Brief, task: Sequence[str], layers: Layers, last: str) -> list[Message]:
    persona = [*persona_block(brief.voice, answered="reply"), *layers.instructions]
    return [
        ("system", joined([*persona, section("Your task", *task)])),
        ("user", joined([*layers.data, last])),
    ]


def _greeting_rule(brief: Brief) -> str:
    if greeting := greeting_template(brief.channel, brief.voice):
        return (
            f"The greeting is added before the body, so write none:\n{greeting}\n"
            "Start with the sentence after it."
        )
    return "Open with a short greeting that uses the lead's first name, if it is known."


def _thread(brief: Brief) -> list[Piece]:
    newest_first = [turn for turn in brief.thread[::-1] if turn.body.strip()][:MAX_THREAD_TURNS]
    texts = within(MAX_THREAD_CHARS, (turn.body for turn in newest_first))
    turns = zip(newest_first, texts, strict=False)
    return [
        Piece(f"earlier message by {'the lead' if turn.author == 'lead' else 'us'}", text)
        for turn, text in reversed(list(turns))
    ]


def _lead(brief: Brief) -> Piece:
    known = "\n".join(
        f"{name}: {str(value)[:MAX_LEAD_VALUE_CHARS]}" for name, value in sorted(brief.lead.items())
    )
    return Piece("the lead", known[:MAX_LEAD_CHARS] or "nothing is known")


def _reply(brief: Brief) -> Piece:
    subject = f"Subject: {brief.reply_subject}\n\n" if brief.reply_subject else ""
    return Piece("the reply to answer", f"{subject}{brief.reply_text}"[:MAX_REPLY_CHARS])


def _plan(strategy: Strategy) -> Piece:
    return Piece("plan of the answer", json.dumps(strategy.as_dict(), ensure_ascii=False))
