"""Judges what became of conversations: nothing lost or doubled, one answer at a time, in order."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, kw_only=True)
class StoredMessage:
    """A stored message; `finished_at` in seconds, `run`: how often its writing was begun."""

    conversation: str
    seq: int
    message_id: str
    role: str
    status: str
    content: str
    answers: str | None
    run: int
    finished_at: float | None


@dataclass(frozen=True, kw_only=True)
class ChatHistory:
    """What was sent, what is stored, and what the model and the readers of events were told.

    A text that was sent names its turn once in all; `reply(text)` is the model's whole answer.
    """

    sent: Mapping[str, Sequence[str]]
    """The texts of each conversation, in the order in which they were taken."""
    stored: Sequence[StoredMessage]
    calls: Sequence[tuple[str, float]]
    """Which text the model was asked to answer, and when, in seconds."""
    completed: Sequence[tuple[str, str]]
    """Of each `chat.message_completed`: its id, and its message's."""
    reply: Callable[[str], str]


def chat_violations(history: ChatHistory) -> list[str]:
    """Return every broken promise, one sentence each; empty when all hold."""
    return [violation for check in CHECKS for violation in check(history)]


def nothing_is_lost_doubled_or_moved(history: ChatHistory) -> Iterator[str]:
    """Each text that was taken stands once in its conversation, in the order of sending."""
    for conversation, texts in history.sent.items():
        found = [each.content for each in _of(history, conversation) if each.role == "user"]
        if found != list(texts):
            yield f"{conversation} was sent {texts} and has {found}"


def places_are_without_gaps(history: ChatHistory) -> Iterator[str]:
    """The places of a conversation are 1, 2, 3 …"""
    for conversation in history.sent:
        places = [each.seq for each in _of(history, conversation)]
        if places != list(range(1, len(places) + 1)):
            yield f"{conversation} has the places {places}"


def each_question_has_one_whole_answer(history: ChatHistory) -> Iterator[str]:
    """One answer each: completed with all words of the model, or stopped after some of them."""
    answers = defaultdict[str | None, list[StoredMessage]](list)
    for each in history.stored:
        if each.role == "assistant":
            answers[each.answers].append(each)
    for question in history.stored:
        if question.role != "user":
            continue
        found, whole = answers[question.message_id], history.reply(question.content)
        if [each.status for each in found] not in (["completed"], ["stopped"]):
            yield f"{question.content} has the answers {[each.status for each in found]}"
            continue
        (answer,) = found
        is_right = answer.content == whole
        if answer.status == "stopped":
            is_right = whole.startswith(answer.content)
        if not is_right:
            yield f"{question.content} is answered {answer.content!r}"


def one_answer_at_a_time(history: ChatHistory) -> Iterator[str]:
    """The model is asked for an answer only when the one before it has ended."""
    first = dict[str, float]()
    for text, at in history.calls:
        first[text] = min(at, first.get(text, at))
    questions = {each.message_id: each.content for each in history.stored if each.role == "user"}
    for conversation in history.sent:
        answers = [each for each in _of(history, conversation) if each.role == "assistant"]
        for before, after in pairwise(answers):
            asked_at = first.get(questions.get(after.answers or "", ""))
            if asked_at is not None and asked_at < (before.finished_at or 0):
                yield f"{after.message_id} was begun before {before.message_id} had ended"


def one_call_for_each_turn(history: ChatHistory) -> Iterator[str]:
    """One call a turn, and at most one more for each process that died or hung in it."""
    calls = Counter(text for text, _ in history.calls)
    answers = {each.answers: each for each in history.stored if each.role == "assistant"}
    for question in history.stored:
        answer = answers.get(question.message_id)
        if question.role != "user" or answer is None:
            continue
        least = 1 if answer.status == "completed" else 0
        if not least <= calls[question.content] <= answer.run:
            made = calls[question.content]
            yield f"{question.content}: {made} calls in {answer.run} runs ({answer.status})"


def completions_are_told_once(history: ChatHistory) -> Iterator[str]:
    """Each completed answer has one event, and nothing else has any."""
    told = Counter(message_id for _, message_id in set(history.completed))
    right = {each.message_id for each in history.stored if _is_completed_answer(each)}
    for message_id in right | told.keys():
        if told[message_id] != int(message_id in right):
            yield f"{message_id} was told {told[message_id]} times"


def _is_completed_answer(each: StoredMessage) -> bool:
    return each.role == "assistant" and each.status == "completed"


def _of(history: ChatHistory, conversation: str) -> list[StoredMessage]:
    mine = (each for each in history.stored if each.conversation == conversation)
    return sorted(mine, key=lambda each: each.seq)


CHECKS = (
    nothing_is_lost_doubled_or_moved,
    places_are_without_gaps,
    each_question_has_one_whole_answer,
    one_answer_at_a_time,
    one_call_for_each_turn,
    completions_are_told_once,
)
