"""A deterministic stand-in for a language model; what it writes says so (`model: "offline"`).

It understands little: it picks sentences of the persona and of the passages whose words match the
lead's question, and never repeats the lead's words. It writes English, whatever the persona speaks.
"""

import json
import re
from typing import Final

from persona_contracts import Channel
from persona_model.offline import NAME, PickedSentence, best_sentence, estimated_usage
from persona_model.sentences import MAX_SENTENCE_CHARS, questions, sentences
from persona_model.usage import TokenUsage

from draft_svc.domain.brief import Brief, Written
from draft_svc.domain.greeting import greeting
from draft_svc.domain.messages import compose_strategy_messages, compose_write_messages
from draft_svc.domain.strategy import Strategy

MAX_ANSWERS: Final = 2
REMOVAL: Final = "unsubscribe"
FAREWELL: Final = "Understood: we will not write to you again."
_WRITE: Final = r"(?:e-?mail|write|contact|messag|text|call|send)"
_REMOVAL: Final = (
    r"^[^\w\n]{0,40}(?:(?:please )?(?:stop|unsubscribe|remove|opt[ -]?out|abmelden|stopp|arr\xeat"
    r"|退订|退訂|unsub|stop (?:svp|please|bitte)|opt[ -]?out please)[^\w\n]{0,40}$|unsubscribe[.!])"
    r"|\b(?:unsubscribe (?:me|us|from (?:your|this|these))\b"
    r"|(?:remove|delete|take|strike) (?:me|us|my (?:e-?mail|address|name|data))"
    r" ?(?:off|from|[.!]|$)"
    rf"|(?:stop|quit) {_WRITE}\w*(?: to)?\b|opt(?:ing)? out of (?:your|this|these)"
    rf"|(?:do not|don['\u2019]t|never) {_WRITE} (?:to )?(?:me|us)"
    r"(?: again| any ?more)?\s{0,40}(?:[.!]|$)"
    r"|leave (?:me|us) alone|no (?:more|further) (?:e-?mails|messages)"
    r"|(?:mich|uns)\b.{0,30}(?:abmelde|aus (?:dem|ihrem|ihrer|eurem) (?:verteiler|liste))"
    r"|keine (?:weiteren |mehr )?(?:e-?mails|mails|nachrichten)\b"
    r"|nicht (?:mehr|wieder)\b.{0,20}(?:schreib|kontaktier)"
    r"|no (?:me|nos) (?:escriba|contacte|env\xede)|non (?:mi|ci) (?:scriv|contatt)"
    r"|(?:me|mij|ons)\b.{0,30}(?:uitschrijv|afmeld)|geen (?:mails|e-?mails|berichten) meer"
    r"|(?:avregistrera|afmeld|avmeld) (?:mig|meg)|nie pisz"
    r"|stop (?:spam|contact)|hear from you again|cease (?:all )?contact"
    r"|(?:do not|don['\u2019]t) contact|keine werbung"
    r"|(?:mich|uns)\b.{0,20}\b(?:aus|von) (?:der|ihrer|eurer) liste"
    r"|(?:me|nous) retirer d|ne plus (?:me|nous) (?:contacter|\xe9crire|envoyer)"
    r"|(?:me|nos) (?:remov|retir|exclu)\w)"
    r"|(?:please |want to |like to |wish to |how (?:do|can) (?:i|we) )unsubscribe\b"
    r"|aus (?:dem|ihrem|eurem) verteiler"
    r"|schreib\w{0,10} (?:sie )?(?:mir|uns) (?:bitte )?nicht (?:mehr|wieder)\b"
    r"|d\xe9s(?:abonn|inscri)(?:ez|re)|retirez[ -](?:moi|nous)"
    r"|ne (?:m['\u2019]|me |nous )(?:contactez|\xe9crivez)|d(?:ar|e|en|a)(?:me|nos) de baja"
    r"|cancell\w{1,6} (?:mi\b|dalla)|descadastr|wypisa\u0107|wypisz"
    r"|отписать|отпишите|не пишите|配信停止|配信を停止"
    r"|lösch\w{0,10} (?:sie )?(?:bitte )?(?:meine|unsere) (?:daten|adresse|e-?mail)"
    r"|(?:elim[ií]n|qu[ií]t|b[óo]rr)\w{0,4}(?:me|nos) de"
    r"|não quer\w{1,6} (?:mais )?receber|(?:rimuov|tog|elimin)\w{1,6}(?:mi|ci) d"
    r"|usun\w{1,4} (?:mój|moje|mnie|nas)\b|nie chc\w{1,4} otrzymywać"
    r"|удалите (?:меня|нас|мой)|больше не пиш|verwijder (?:mij|me|ons)\b|stuur (?:mij|me) geen"
    r"|(?:ta bort|fjern|slett?) (?:mig|meg|os)\b|取消订阅|取消訂閱"
    r"|(?:不要|别|別)再.{0,6}(?:发|發|寄|联系|聯絡)|수신 ?거부|보내지 ?(?:마|말)|listeden çıkar"
)
"""What people write who want no more mails; it says so in any of a dozen languages."""
_INTENTS: Final = tuple(
    (name, re.compile(words, re.MULTILINE))
    for name, words in (
        (REMOVAL, _REMOVAL),
        ("out_of_office", r"out of (?:the )?office|on (?:vacation|holiday|leave) until"),
        ("not_interested", r"not interested|no thanks|no,? thank you"),
        ("not_now", r"not (?:right )?now|next (?:quarter|year)|too early|later this year"),
        ("objection", r"too expensive|no budget|already (?:use|have|using)|concern|worried"),
        ("referral", r"(?:talk|speak|write|reach out) to my|my colleague|in charge of"),
    )
)
_OBJECTION = re.compile(r"\b(?:too|already|no budget|concern\w*|worried|but)\b", re.IGNORECASE)
_OPENINGS: Final = tuple(
    (re.compile(stems), sentence)
    for stems, sentence in (
        (r"formal|professional|polite|respectful", "Thank you very much for your message."),
        (r"friendly|warm|casual|playful|fun|cheer", "Thanks so much for getting back to me!"),
        (r"direct|short|concise|brief|crisp", "Thanks for the reply."),
        (r"calm|empath|patient|caring|gentle", "Thank you for taking the time to write."),
        (r"enthusias|energ|excit|bold", "Great to hear from you!"),
    )
)


class OfflineWriter:
    """Composes a short answer from the persona and the best passages; costs nothing."""

    async def keep_open(self) -> None:
        """Return: there is nothing to close."""

    async def plan(self, brief: Brief) -> tuple[str, TokenUsage]:
        """Return a strategy made from the reply's own sentences, as JSON."""
        asked = questions(brief.reply_text)
        intent = _intent(brief)
        if intent == REMOVAL:
            return _removed(brief)
        strategy = Strategy(
            intent=intent or ("question" if asked else "other"),
            questions=tuple(asked[:5]),
            objections=tuple(filter(_OBJECTION.search, sentences(brief.reply_text)))[:3],
            answer_from=tuple(answer.passage_number for answer in _answers(brief)),
            next_step=_next_step(brief),
            qualification_question=next(iter(_open_questions(brief)), None),
        )
        document = json.dumps(strategy.as_dict())
        return document, estimated_usage(compose_strategy_messages(brief), document)

    async def write(self, brief: Brief, strategy: Strategy | None) -> Written:
        """Return the body, opening with the persona's greeting.

        Whoever wants to be removed is told so, and neither asked nor invited.
        """
        if (strategy.intent if strategy else _intent(brief)) == REMOVAL:
            return _farewell(brief, strategy)
        answers = _answers(brief)
        parts = [greeting(brief.channel, brief.voice, brief.greeted()) or "Hello,"]
        parts.append(_opening(brief.voice.tone))
        cited = tuple(sorted({answer.passage_number for answer in answers}))
        marks = {number: f" [{place}]" for place, number in enumerate(cited, start=1)}
        parts.append(
            " ".join(
                answer.sentence + (marks[answer.passage_number] if brief.voice.cite_sources else "")
                for answer in answers
            )
            or _without_answer(brief)
        )
        if strategy is None:
            parts.append(_next_step(brief))
        else:
            parts += [strategy.next_step, strategy.qualification_question or ""]
        body = (" " if brief.channel == Channel.SMS else "\n\n").join(filter(None, parts))
        return Written(
            body=body,
            model=NAME,
            usage=estimated_usage(compose_write_messages(brief, strategy), body),
            cited=cited,
        )

    async def close(self) -> None:
        """There is nothing to close."""


def _intent(brief: Brief) -> str | None:
    text = brief.reply_text.lower()
    return next((name for name, words in _INTENTS if words.search(text)), None)


def _removed(brief: Brief) -> tuple[str, TokenUsage]:
    strategy = Strategy(
        intent=REMOVAL,
        questions=(),
        objections=(),
        answer_from=(),
        next_step="Stop writing to the lead.",
        qualification_question=None,
    )
    document = json.dumps(strategy.as_dict())
    return document, estimated_usage(compose_strategy_messages(brief), document)


def _farewell(brief: Brief, strategy: Strategy | None) -> Written:
    parts = (greeting(brief.channel, brief.voice, brief.greeted()) or "Hello,", FAREWELL)
    body = (" " if brief.channel == Channel.SMS else "\n\n").join(parts)
    usage = estimated_usage(compose_write_messages(brief, strategy), body)
    return Written(body=body, model=NAME, usage=usage, cited=())


def _opening(tone: str | None) -> str:
    words = (tone or "").lower()
    return next(
        (sentence for stems, sentence in _OPENINGS if stems.search(words)),
        "Thank you for your reply.",
    )


def _without_answer(brief: Brief) -> str:
    """Return what the company does, and that a question stays open."""
    offered = sentences(brief.voice.service_description or "")[:2]
    if questions(brief.reply_text):
        offered.append("I will find out what you asked and come back to you.")
    return " ".join(offered)


def _next_step(brief: Brief) -> str:
    goal = next(iter(sentences(brief.voice.goals or "")), "a short call").rstrip(".!?")
    return f"What I would suggest next: {goal[:1].lower()}{goal[1:]}."


def _answers(brief: Brief) -> list[PickedSentence]:
    """Return the best sentence for each question, or for the reply when it asks none."""
    found = (
        best_sentence(question, brief.passages)
        for question in questions(brief.reply_text) or [brief.reply_text]
    )
    return list(dict.fromkeys(answer for answer in found if answer))[:MAX_ANSWERS]


def _open_questions(brief: Brief) -> list[str]:
    """Return the qualification questions that were not asked in this thread."""
    asked = " ".join(turn.body for turn in brief.thread if turn.author == "us")
    own = (each[:MAX_SENTENCE_CHARS] for each in brief.voice.qualification_questions)
    return [question for question in own if question not in asked]
