"""The tokens that a template may hold: each with its source, and what to do without a value."""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from service_kit.templates import LEAD_PREFIX, is_blank, is_missing

MAX_QUESTIONS = 50
"""persona-svc keeps no more."""
QUESTION_PREFIX = "qualificationQuestion"
_QUESTION = re.compile(rf"{QUESTION_PREFIX}([1-9][0-9]?)")


class TokenSource(StrEnum):
    """Who has the value of a token."""

    LEAD = "lead"
    CAMPAIGN = "campaign"
    PERSONA = "persona"
    WORKSPACE = "workspace"


CRM_SOURCES = {TokenSource.LEAD, TokenSource.CAMPAIGN}
"""Their empty values may be spelled: `null`, `N/A`."""
SETUP_SOURCES = {TokenSource.PERSONA, TokenSource.WORKSPACE}
"""A value that is missing there is the workspace's to set, not the lead's (A50)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that is known when a message is composed; null and blank are missing alike."""

    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    phone: str | None = None
    company: str | None = None
    attributes: Mapping[str, object] = field(default_factory=dict[str, object])
    campaign_name: str | None = None
    booking_link: str | None = None
    sender_name: str | None = None
    signature: str | None = None
    service_description: str | None = None
    goals: str | None = None
    ideal_customer_profile: str | None = None
    qualification_questions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """One token: `{name}`."""

    name: str
    source: TokenSource
    description: str
    hint: str
    """What to do when it has no value."""
    read: Callable[[Facts], str | None]

    def value(self, facts: Facts) -> str | None:
        """Return its value; None: it is missing."""
        value = self.read(facts)
        is_absent = is_missing if self.source in CRM_SOURCES else is_blank
        return None if is_absent(value) else value


def _lead(name: str, field_name: str, description: str) -> Token:
    return Token(
        name=name,
        source=TokenSource.LEAD,
        description=description,
        hint=f"The lead has no `{field_name}`: send it in `lead`, or give a default:"
        f" {{{name}|text}}.",
        read=lambda facts: getattr(facts, field_name),
    )


def _persona(name: str, field_name: str, setting: str, description: str) -> Token:
    return Token(
        name=name,
        source=TokenSource.PERSONA,
        description=description,
        hint=f"Set `{field_name}` on the persona that speaks, or `{setting}` in the workspace"
        " settings.",
        read=lambda facts: getattr(facts, _FACT_OF.get(field_name, field_name)),
    )


_FACT_OF = {"persona_name": "sender_name"}


def _full_name(facts: Facts) -> str | None:
    parts = (facts.first_name, facts.last_name)
    return " ".join(part for part in parts if part and not is_missing(part))


_DEFINITIONS = (
    _lead("firstName", "first_name", "The lead's first name."),
    _lead("lastName", "last_name", "The lead's last name."),
    Token(
        name="fullName",
        source=TokenSource.LEAD,
        description="The lead's first and last name, or the one that is known.",
        hint="The lead has neither `first_name` nor `last_name`: send one in `lead`, or give a"
        " default: {fullName|text}.",
        read=_full_name,
    ),
    _lead("email", "email", "The lead's e-mail address."),
    _lead("phone", "phone", "The lead's phone number."),
    _lead("company", "company", "The lead's company."),
    Token(
        name="campaignName",
        source=TokenSource.CAMPAIGN,
        description="The name of the lead's campaign.",
        hint="Start the lead with a `campaign_id` that the CRM has synced.",
        read=lambda facts: facts.campaign_name,
    ),
    _persona(
        "senderName", "persona_name", "ai_persona_name", "The name of the persona that speaks."
    ),
    _persona("signature", "signature", "ai_signature", "Its signature, with its line breaks."),
    _persona("serviceDescription", "service_description", "service_description", "What it offers."),
    _persona("goals", "goals", "ai_goals", "What it works towards."),
    Token(
        name="idealCustomerProfile",
        source=TokenSource.WORKSPACE,
        description="Whom the workspace looks for.",
        hint="Set `ideal_customer_profile` in the workspace settings.",
        read=lambda facts: facts.ideal_customer_profile,
    ),
    Token(
        name="bookingLink",
        source=TokenSource.WORKSPACE,
        description="Where to book: the campaign's link, else the workspace's.",
        hint="Set `booking_link` in the follow-up settings, or on the campaign in the CRM.",
        read=lambda facts: facts.booking_link if not is_blank(facts.booking_link) else None,
    ),
)
TOKENS: Mapping[str, Token] = {token.name: token for token in _DEFINITIONS}
"""Those with a fixed name; `named` also knows attributes and questions."""
NAMES = frozenset(
    {*TOKENS, *(f"{QUESTION_PREFIX}{number}" for number in range(1, MAX_QUESTIONS + 1))}
)
"""What a template may name, besides attributes."""


def named(name: str) -> Token | None:
    """Return the token `{name}`; None: there is no such token."""
    if name in TOKENS:
        return TOKENS[name]
    attribute = name.removeprefix(LEAD_PREFIX)
    if attribute != name and attribute.strip():
        return _attribute(name, attribute)
    question = _QUESTION.fullmatch(name)
    return _question(name, int(question[1])) if question else None


def _attribute(name: str, attribute: str) -> Token:
    return Token(
        name=name,
        source=TokenSource.LEAD,
        description=f"The lead's attribute `{attribute}`: a text or a number.",
        hint=f"The lead has no text or number `{attribute}` in `attributes`: send it, or give a"
        f" default: {{{name}|text}}.",
        read=lambda facts: _plain(facts.attributes.get(attribute)),
    )


def _question(name: str, number: int) -> Token:
    return Token(
        name=name,
        source=TokenSource.WORKSPACE,
        description=f"Qualification question {number} of the workspace.",
        hint=f"The workspace settings have fewer than {number} `qualification_questions`.",
        read=lambda facts: (
            facts.qualification_questions[number - 1]
            if number <= len(facts.qualification_questions)
            else None
        ),
    )


def _plain(value: object) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
