"""Shorthands for tests of writers: a brief, and replies that try to give a model orders."""

import json
from pathlib import Path

from draft_svc.domain.brief import Brief
from persona_model.knowledge import PassageText
from persona_model.voice import Voice

INJECTIONS = json.loads(Path(__file__).with_name("injections.json").read_text())
"""Replies that try to give orders, in the forms known from OWASP's LLM01 and published attacks."""

INSTRUCTIONS = (
    "# Who you are\n\nYou write as Anna Lee.\n\n# Tone\n\nwarm and clear"
    "\n\n# Goals\n\nBook a demo of 20 minutes."
)


def voice(**values):
    return Voice(
        **{
            "sender_name": "Anna Lee",
            "tone": "warm and clear",
            "greeting": "Hello {first_name},",
            "sms_greeting": "Hi {first_name}!",
            "signature": "Anna Lee\nHead of Sales | Acme",
            "goals": "Book a demo of 20 minutes.",
            "service_description": "Acme rents bicycles to companies.",
            "instructions": INSTRUCTIONS,
            **values,
        }
    )


def passage(text, **values):
    return PassageText(
        **{"text": text, "source": "prices.pdf", "file_id": "f1", "chunk_id": "c1", **values}
    )


def brief(**values):
    return Brief(
        **{
            "voice": voice(),
            "channel": "email",
            "reply_text": "What does it cost for ten people?",
            "reply_subject": "Bicycles",
            "lead": {"first_name": "Sam", "company": "Riak Inc"},
            **values,
        }
    )
