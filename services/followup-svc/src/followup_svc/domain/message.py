"""What a step sends: its templates filled, and on e-mail the signature under them once."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from persona_contracts.types import Channel
from service_kit.subjects import reply_subject
from service_kit.templates import is_blank

from followup_svc.domain.sequence import MAX_SUBJECT_CHARS, Step
from followup_svc.domain.template import ErrorType, TemplateError, render, uses
from followup_svc.domain.tokens import Facts

MAX_TEXT_CHARS: Mapping[Channel, int] = {
    Channel.EMAIL: 65_536,
    Channel.SMS: 1_600,
    Channel.LINKEDIN: 8_000,
}
"""Of a whole message: ten joined short messages, and what LinkedIn takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LastMessage:
    """The newest e-mail of the lead: what a step without a subject answers."""

    message_id: str
    subject: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Exactly what is to be sent."""

    subject: str | None
    text: str
    in_reply_to: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocked:
    """Why nothing is sent."""

    template_errors: tuple[TemplateError, ...]


def compose(step: Step, facts: Facts, last: LastMessage | None) -> Message | Blocked:
    """Return the message of `step`, or everything that is missing or wrong.

    The signature follows an e-mail that has no `{signature}`. A step without a subject
    goes into the thread of the lead's last e-mail.
    """
    body = render(_signed(step, facts), facts, max_chars=MAX_TEXT_CHARS[step.channel])
    subject = render(step.subject or "", facts, max_chars=MAX_SUBJECT_CHARS)
    if body.rendered is None or subject.rendered is None:
        errors = (*(_of_subject(error) for error in subject.template_errors), *body.template_errors)
        return Blocked(template_errors=errors)
    if is_blank(body.rendered.removesuffix(facts.signature or "")):
        return Blocked(template_errors=(_empty(step),))
    thread = last if step.channel == Channel.EMAIL else None
    return Message(
        subject=_one_line(subject.rendered) or _thread_subject(thread),
        text=body.rendered,
        in_reply_to=thread.message_id if thread else None,
    )


def _of_subject(error: TemplateError) -> TemplateError:
    return replace(error, hint=f"In the subject: {error.hint}")


def _empty(step: Step) -> TemplateError:
    return TemplateError(
        type=ErrorType.MALFORMED,
        token=step.body[:50],
        source=None,
        hint="The message would be empty.",
        position=0,
    )


def _signed(step: Step, facts: Facts) -> str:
    """Return the body's template, with `{signature}` at its end where the signature is missing."""
    if step.channel != Channel.EMAIL or uses(step.body, "signature") or is_blank(facts.signature):
        return step.body
    return f"{step.body.rstrip()}\n\n{{signature}}"


def _one_line(subject: str) -> str | None:
    """A line break in a value must not become a separate header."""
    return None if is_blank(subject) else " ".join(subject.split())


def _thread_subject(last: LastMessage | None) -> str | None:
    if last is None or last.subject is None or is_blank(last.subject):
        return None
    answer = reply_subject(last.subject)
    return answer[:MAX_SUBJECT_CHARS] if answer else None
