"""The story of `dramatis demo`, told on a running stack."""

import asyncio
from dataclasses import asdict
from functools import partial
from typing import Any

from persona_contracts import LeadRepliedV1
from service_devkit.vendors.elevenlabs import FakeElevenLabs

from dramatis.defaults import WORKSPACE
from dramatis.demo_chat import (
    EDIT_QUESTION,
    PRICE_QUESTION,
    PROMPT,
    SWITCH_QUESTION,
    DemoChat,
    Exchange,
    edit_prompt,
)
from dramatis.demo_followups import add_setting_and_resume, crm, reply, start_follow_up, until
from dramatis.demo_knowledge import learn, question
from dramatis.demo_voice import call, first_words
from dramatis.demo_workspace import (
    NOVA_EDIT,
    SPRING,
    Cast,
    demo_replies,
    prepare_workspace,
)
from dramatis.draft_text import print_call, print_draft, print_exchange, print_followup
from dramatis.errors import CliError
from dramatis.output import err, out, print_json
from dramatis.persona_edit import MeasuredEdit, edit_and_measure
from dramatis.rest import Rest, Written
from dramatis.sent_replies import send_reply, wait_for_drafts
from dramatis.stack import Stack

DRAFT_SECONDS = 120.0


def play(stack: Stack, *, as_json: bool) -> None:
    """Go through everything that the demo shows, on a stack with the stand-in for ElevenLabs."""
    token, written = stack.token(WORKSPACE), Written()
    with (
        Rest(stack.url("persona"), token, written) as personas,
        Rest(stack.url("draft"), token, written) as drafts,
        Rest(stack.url("ingest"), token, written) as ingest,
        Rest(stack.url("followup"), token, written) as followups,
        Rest(stack.url("voice"), token, written) as voice,
        Rest(stack.url("chat"), token, written) as chat,
    ):
        cast = _play(stack, personas, drafts, voice, as_json=as_json)
        _play_knowledge(cast, drafts, ingest, as_json=as_json)
        _play_call(cast, voice, as_json=as_json)
        _play_chat(cast, personas, chat, as_json=as_json)
        _play_followups(stack.nats_url, followups, as_json=as_json)


def _play(stack: Stack, personas: Rest, drafts: Rest, voice: Rest, *, as_json: bool) -> Cast:
    cast = prepare_workspace(stack.nats_url, personas)
    say(
        f"Personas: {cast.house['name']} (default), {cast.nova['name']} (campaign {SPRING}),"
        f" {cast.junior['name']} (child of {cast.nova['name']}).",
        as_json=as_json,
    )
    replies = demo_replies()
    say(f"Sending {len(replies)} reply e-mails.", as_json=as_json)
    written = _draft(drafts, replies, cast, as_json=as_json)
    before = next(d for d in written if d["campaign_id"] == SPRING and d["text"] is not None)
    agent = partial(_show_agent, voice, stack.elevenlabs, as_json=as_json)
    agent(cast.nova)
    say(f"Now {cast.nova['name']} is edited, and one more reply comes in.", as_json=as_json)
    edit = asyncio.run(edit_and_measure(stack.nats_url, personas, cast.nova, NOVA_EDIT, WORKSPACE))
    again = next(reply for reply in replies if reply.message_id == before["message_id"])
    one_more = again.model_copy(update={"message_id": "one-more", "lead_id": "one-more"})
    (after,) = _draft(drafts, [one_more], cast, as_json=as_json)
    _check(after, edit)
    _tell(edit, as_json=as_json)
    agent(edit.persona)
    return cast


def _show_agent(
    voice: Rest, vendor: FakeElevenLabs | None, persona: dict[str, Any], *, as_json: bool
) -> None:
    """Say how the voice agent of a persona begins a call."""
    if vendor is None:
        raise RuntimeError("the demo has the stand-in for the vendor")
    words = first_words(voice, vendor, persona)
    say(
        f"{persona['name']}'s voice agent, at a stand-in for ElevenLabs, begins: {words!r}",
        as_json=as_json,
    )


def _play_call(cast: Cast, voice: Rest, *, as_json: bool) -> None:
    """Let somebody ask a persona's voice agent, and show what the call has left."""
    say(f"Somebody calls {cast.nova['name']}.", as_json=as_json)
    record = call(voice, cast.nova["persona_id"])
    if not any(citation["source"] == "prices.pdf" for citation in record["citations"]):
        raise CliError("The voice agent was not told of the price list.")
    if as_json:
        print_json({"call": record})
    else:
        print_call(record, "vendor: a stand-in, without audio")


def _play_chat(cast: Cast, personas: Rest, chat: Rest, *, as_json: bool) -> None:
    """Let one persona answer with a page, another take over, and an edited prompt be heard."""
    talk = DemoChat(chat)
    say(f"Somebody chats with {cast.nova['name']}.", as_json=as_json)
    answer = talk.ask(cast.nova, PRICE_QUESTION)
    _show_answer(answer, as_json=as_json)
    if "prices.pdf, page 2" not in answer.citations:
        raise CliError("The chat does not cite the price list.")
    say(f"{cast.house['name']} takes over.", as_json=as_json)
    answer = talk.ask(cast.house, SWITCH_QUESTION)
    _show_answer(answer, as_json=as_json)
    if answer.persona_name != cast.house["persona_name"]:
        raise CliError("The other persona did not take over.")
    say(f"The prompt of {cast.house['name']} is edited: {PROMPT!r}", as_json=as_json)
    edit_prompt(personas, cast.house)
    answer = talk.ask(cast.house, EDIT_QUESTION)
    _show_answer(answer, as_json=as_json)
    if "twenty minutes" not in answer.text:
        raise CliError("The chat does not know the edited prompt.")


def _show_answer(answer: Exchange, *, as_json: bool) -> None:
    exchange = asdict(answer)
    if as_json:
        print_json({"chat": exchange})
    else:
        print_exchange(exchange)


def _play_knowledge(cast: Cast, drafts: Rest, ingest: Rest, *, as_json: bool) -> None:
    """Let one persona learn, and answer with the page."""
    say(f"{cast.nova['name']} gets three documents.", as_json=as_json)
    for line in learn(ingest, cast.nova["persona_id"]):
        say(line, as_json=as_json)
    (answer,) = _draft(drafts, [question()], cast, as_json=as_json)
    if not any(citation["source"] == "prices.pdf" for citation in answer["citations"]):
        raise CliError("The draft does not cite the price list.")


def _play_followups(nats_url: str, followups: Rest, *, as_json: bool) -> None:
    """Follow up on a lead that says nothing: nothing is sent with a hole in it."""
    say("A lead is followed up in three steps.", as_json=as_json)
    with crm(nats_url):
        instance_id = start_follow_up(followups)
        blocked = until(followups, instance_id, lambda shown: shown["state"] == "paused")
        say(f"Paused: {blocked['detail']}", as_json=as_json)
        add_setting_and_resume(followups, blocked)
        sent = until(followups, instance_id, lambda shown: shown["step"] == 3)
    first_two = sent["steps"][:2]
    if len({step["resolution"]["persona_id"] for step in first_two}) != 1:
        raise CliError("The lead heard two personas: one by e-mail, another by SMS.")
    for step in first_two:
        if as_json:
            print_json({"followup": step})
        else:
            print_followup(step)
    say(f"Step 3 is due {sent['due_at']}. The lead replies.", as_json=as_json)
    reply(nats_url)
    stopped = until(followups, instance_id, lambda shown: shown["state"] == "stopped")
    say(f"The follow-up is {stopped['state']}: {stopped['reason']}.", as_json=as_json)


def _draft(
    drafts: Rest, replies: list[LeadRepliedV1], cast: Cast, *, as_json: bool
) -> list[dict[str, Any]]:
    message_ids = [send_reply(drafts, reply)["message_id"] for reply in replies]
    files = {reply.message_id: reply.lead_id for reply in replies}
    written: list[dict[str, Any]] = []
    try:
        for draft in wait_for_drafts(drafts, message_ids, DRAFT_SECONDS):
            written.append(draft)
            if as_json:
                print_json({"draft": draft})
            else:
                print_draft(draft, files[draft["message_id"]], cast.name)
    except TimeoutError as error:
        raise CliError(f"No draft in {DRAFT_SECONDS:g} s for {error}.") from error
    return written


def _check(after: dict[str, Any], edit: MeasuredEdit) -> None:
    resolution = after["resolution"]
    if resolution is None or resolution["version"] != edit.persona["version"]:
        raise CliError("The draft after the edit does not have the new version of the persona.")


def _tell(edit: MeasuredEdit, *, as_json: bool) -> None:
    took = edit.commit_to_known_ms
    if as_json:
        print_json(
            {
                "persona_id": edit.persona["persona_id"],
                "version": edit.persona["version"],
                "commit_to_known_ms": round(took, 2),
                "request_to_known_ms": round(edit.request_to_known_ms, 2),
            }
        )
        return
    when = f"{took:.1f} ms after" if took >= 0 else f"{-took:.1f} ms before"
    out.print(
        f"A consumer knew version {edit.persona['version']} {when} the answer to the edit"
        f" ({edit.request_to_known_ms:.1f} ms after it was sent)."
    )


def say(text: str, *, as_json: bool) -> None:
    """Tell what comes next; beside JSON lines, on standard error."""
    (err if as_json else out).print(f"[bold]{text}[/]")
