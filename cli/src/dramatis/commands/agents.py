"""`dramatis agents`: the voice agents of personas, and what the vendor has of them."""

from typing import Annotated, Any

import typer

from dramatis.errors import CliError
from dramatis.options import examples, expand
from dramatis.output import out, print_json, print_plain, print_table
from dramatis.persona_lookup import persona_id_of
from dramatis.target import RestTarget

MAX_CHOSEN = 200
Persona = Annotated[str, typer.Argument(metavar="PERSONA", help="Its id, or its name.")]
Personas = Annotated[
    list[str] | None, typer.Argument(metavar="[PERSONA]…", help="Ids, or names; none: all.")
]


def list_(target: RestTarget) -> None:
    """List the agents, with their states."""
    with target.rest("voice") as voice:
        found = list(voice.items("/api/agents"))
    if target.json:
        print_json({"items": found})
        return
    if not found:
        out.print("No agents.")
        return
    rows = [
        (a["name"] or "(deleted)", a["status"], a["revision"], a["agent_id"], _why(a))
        for a in found
    ]
    print_table(("persona", "status", "revision", "agent_id", "why"), rows)


def status(target: RestTarget, *, persona: Persona) -> None:
    """Show the agent of a persona: its state, what it runs, and since when."""
    persona_id = persona_id_of(target, persona)
    with target.rest("voice") as voice:
        shown = voice.get(f"/api/personas/{persona_id}/agent/status")
    if target.json:
        print_json(shown)
        return
    for name, value in shown.items():
        if value not in (None, []):
            print_plain(f"{name}: {value['detail'] if name == 'error' else value}")


def diff(target: RestTarget, *, persona: Persona) -> None:
    """Print what `update` would change of a persona's agent, and change nothing."""
    persona_id = persona_id_of(target, persona)
    with target.rest("voice") as voice:
        found = voice.get(f"/api/personas/{persona_id}/agent/differences")
    if target.json:
        print_json(found)
        return
    print_plain(found["result"].replace("_", " "))
    _print_differences(found)


def check(target: RestTarget, *, personas: Personas = None) -> None:
    """Compare agents with what they should be, and change nothing; 1 if one is out of step."""
    items = _send(target, "test", personas)
    if target.json:
        print_json({"items": items})
    for item in items if not target.json else []:
        print_plain(f"{item['persona_id']}: {item['error'] or item['result'].replace('_', ' ')}")
        _print_differences(item)
    wrong = [item for item in items if item["result"] != "in_step"]
    if wrong:
        raise CliError(f"{len(wrong)} of {len(items)} agents are not in step.")


def update(target: RestTarget, *, personas: Personas = None) -> None:
    """Bring agents into step now: what differs at the vendor's is changed."""
    _queue(target, "update", personas)


def recreate(target: RestTarget, *, personas: Personas = None) -> None:
    """Remove agents with their tools and secrets, and make others."""
    _queue(target, "recreate", personas)


def orphans(
    target: RestTarget,
    *,
    remove: Annotated[bool, typer.Option("--remove", help="Remove them.")] = False,
) -> None:
    """List agents at the vendor's that belong to no persona."""
    with target.rest("voice") as voice:
        found: list[dict[str, Any]] = voice.get("/api/agents/orphans")["items"]
        for orphan in found if remove else []:
            voice.send("DELETE", f"/api/agents/orphans/{orphan['agent_id']}")
    if target.json:
        print_json({"items": found, "removed": remove})
        return
    if not found:
        out.print("No orphans.")
        return
    rows = [(orphan["name"], orphan["agent_id"], orphan["persona_id"]) for orphan in found]
    print_table(("name", "agent_id", "persona"), rows)
    if remove:
        print_plain(f"removed: {len(found)}")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="The voice agents of personas.")
    for command, example in (
        (status, "dramatis agents status Nova"),
        (diff, "dramatis agents diff Nova"),
        (update, "dramatis agents update Nova Iris"),
        (recreate, "dramatis agents recreate Nova"),
        (orphans, "dramatis agents orphans --remove"),
    ):
        group.command(epilog=examples(example))(expand(command))
    group.command("list", epilog=examples("dramatis agents list"))(expand(list_))
    group.command("test", epilog=examples("dramatis agents test"))(expand(check))
    app.add_typer(group, name="agents")


def _queue(target: RestTarget, action: str, personas: list[str] | None) -> None:
    items = _send(target, action, personas)
    if target.json:
        print_json({"items": items})
        return
    for item in items:
        print_plain(f"{item['persona_id']}: {item['result']}")
    if not items:
        out.print("No agents.")


def _send(target: RestTarget, action: str, personas: list[str] | None) -> list[dict[str, Any]]:
    """Return what became of each; a request names up to MAX_CHOSEN."""
    chosen = [persona_id_of(target, name) for name in personas or ()]
    items = list[dict[str, Any]]()
    with target.rest("voice") as voice:
        if not chosen:
            return voice.send("POST", f"/api/agents/{action}", json={}).json()["items"]
        for start in range(0, len(chosen), MAX_CHOSEN):
            some = {"persona_ids": chosen[start : start + MAX_CHOSEN]}
            answer = voice.send("POST", f"/api/agents/{action}", json=some)
            items += answer.json()["items"]
    return items


def _print_differences(found: dict[str, Any]) -> None:
    for item in found["differences"]:
        print_plain(f"  {item['field']}: {item['observed']} → {item['desired']}")


def _why(agent: dict[str, Any]) -> str:
    if agent["error"] is not None:
        return agent["error"]["detail"]
    if agent["drift"]:
        return "did not stick: " + ", ".join(agent["drift"])
    if agent["replaced_voice_id"]:
        return f"speaks with {agent['voice_id']}: {agent['replaced_voice_id']} is discontinued"
    if left := agent["calls_to_delete"]:
        return f"{left} erased calls to delete"
    others = agent["voice_shared_with"]
    return f"has the voice of {others} others" if others else ""
