"""A deterministic stand-in for a language model; what it writes says so (`model: "offline"`)."""

from collections.abc import AsyncGenerator

from persona_model.knowledge import PassageText
from persona_model.offline import NAME, best_sentence, estimated_usage
from persona_model.sentences import sentences
from persona_model.voice import Voice

from chat_svc.domain.prompt import ChatBrief, Written, compose_messages

MARK = "(offline stand-in)"


class OfflineWriter:
    """Quotes the passage that fits best, else the persona's prompt, in its name; costs nothing."""

    async def keep_open(self) -> None:
        """Return: there is nothing to close."""

    async def write(self, brief: ChatBrief) -> AsyncGenerator[str | Written]:
        """Yield an answer word by word, then what a model would have counted."""
        text = _answer(brief)
        first, *others = text.split(" ")
        yield first
        for word in others:
            yield f" {word}"
        yield Written(NAME, estimated_usage(compose_messages(brief), text))


def _answer(brief: ChatBrief) -> str:
    found = best_sentence(brief.question, brief.passages)
    told = best_sentence(brief.question, [_prompt_of(brief.voice)])
    if found is not None:
        words = f"{found.sentence} [{found.passage_number}]"
    elif told is not None:
        words = told.sentence
    else:
        offered = sentences(brief.voice.service_description or "")[:1]
        away = "The documents cannot be searched now. " if brief.knowledge == "unavailable" else ""
        words = " ".join([*offered, f"{away}I will find out what you asked."])
    who = f"{brief.voice.sender_name} here. " if brief.voice.sender_name else ""
    return f"{who}{words} {MARK}"


def _prompt_of(voice: Voice) -> PassageText:
    """Return what the persona is told, without headings, as sentences are picked from it."""
    lines = voice.instructions.splitlines()
    text = "\n".join(line for line in lines if not line.startswith("#"))
    return PassageText(text=text, source="", file_id="", chunk_id="")
