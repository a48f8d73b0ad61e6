"""`dramatis personas assign` and `explain`: who speaks where, and why."""

from typing import Annotated, Any

import typer

from dramatis.errors import CliError
from dramatis.output import print_json, print_plain, print_table
from dramatis.persona_lookup import find_persona
from dramatis.persona_options import names_by_id
from dramatis.rest import Rest
from dramatis.sequence_lookup import find_sequence
from dramatis.target import RestTarget

NO_PERSONA = "-"
Channel = Annotated[
    str | None, typer.Option(help="email, sms or linkedin; by default every channel.")
]


def assign(
    target: RestTarget,
    *,
    persona: Annotated[
        str, typer.Argument(help="The persona's id, or its name; - takes the choice back.")
    ],
    campaigns: Annotated[list[str], typer.Argument(help="Ids of campaigns.", metavar="CAMPAIGN…")],
    channel: Channel = None,
) -> None:
    """Let a persona speak in campaigns: in all that are named, or in none.

    Without --channel it speaks on every channel that has no persona assigned.
    """
    with target.rest("persona") as api:
        persona_id = None if persona == NO_PERSONA else find_persona(api, persona)["persona_id"]
        own = {} if channel is None else {"channel": channel}
        items = [
            {"campaign_id": campaign_id, "persona_id": persona_id, **own}
            for campaign_id in campaigns
        ]
        answer = api.send("POST", "/api/campaigns/assignments", json={"assignments": items}).json()
    if target.json:
        print_json(answer)
        return
    who = "the default persona" if persona_id is None else persona
    where = channel or "every channel without an assigned persona"
    for campaign_id in campaigns:
        print_plain(f"{campaign_id}: {who} speaks, on {where}")


def explain(
    target: RestTarget,
    *,
    campaign: Annotated[str | None, typer.Option(help="A campaign's id.")] = None,
    sequence: Annotated[str | None, typer.Option(help="A sequence's id, or its name.")] = None,
    lead: Annotated[
        str | None, typer.Option(help="A lead's id: the campaign of its newest draft counts.")
    ] = None,
    channel: Annotated[str, typer.Option(help="email, sms or linkedin.")] = "email",
) -> None:
    """Show who would speak, and why: each tier that was asked, and what it answered."""
    query: dict[str, Any] = {"channel": channel, "explain": "true"}
    if sequence is not None:
        with target.rest("followup") as followups:
            named = find_sequence(followups, sequence)["ai_persona_id"]
        query |= {} if named is None else {"sequence_persona_id": named}
    campaign = campaign or (_campaign_of(target, lead) if lead is not None else None)
    query |= {} if campaign is None else {"campaign_id": campaign}
    with target.rest("persona") as api:
        choice = api.get("/api/resolve", **query)
        names = names_by_id(api)
    if target.json:
        print_json(choice)
        return
    who = names.get(choice["persona_id"] or "", choice["sender_name"] or "nobody in particular")
    print_plain(f"{who} speaks: tier {choice['tier']}" + _signs(choice))
    if campaign is not None:
        print_plain(f"campaign: {campaign}" + ("" if lead is None else f", that of lead {lead}"))
    print_table(("tier", "persona", "outcome"), _ladder(choice, names))


def _signs(choice: dict[str, Any]) -> str:
    return f", signs as {choice['sender_name']}" if choice["sender_name"] else ""


def _ladder(choice: dict[str, Any], names: dict[str, str]) -> list[tuple[str, str | None, str]]:
    skipped = {item["tier"]: item for item in choice["skipped"]}
    rows: list[tuple[str, str | None, str]] = []
    for step in choice["considered"] or ():
        tier, passed = step["tier"], skipped.get(step["tier"])
        if passed is not None:
            known = names.get(passed["persona_id"], passed["persona_id"])
            rows.append((tier, known, f"skipped: {passed['reason']}"))
        elif tier == choice["tier"]:
            rows.append((tier, names.get(choice["persona_id"] or ""), "speaks"))
        else:
            rows.append((tier, None, "nothing set"))
    return rows


def _campaign_of(target: RestTarget, lead_id: str) -> str | None:
    with target.rest("draft") as drafts:
        return _newest_campaign(drafts, lead_id)


def _newest_campaign(drafts: Rest, lead_id: str) -> str | None:
    for draft in drafts.items("/api/drafts", lead_id=lead_id):
        if draft["campaign_id"] is not None:
            return draft["campaign_id"]
    raise CliError(
        f"No draft answers lead {lead_id!r} in a campaign.", "Name the campaign with --campaign."
    )
