"""`dramatis voices`: the voices that personas can have, and how they sound."""

from pathlib import Path
from typing import Annotated

import typer

from dramatis.options import examples, expand
from dramatis.output import out, print_json, print_plain, print_table
from dramatis.persona_lookup import persona_id_of
from dramatis.target import RestTarget

Label = Annotated[str | None, typer.Option(help="Only of this one.")]
Sound = Annotated[Path, typer.Option("--output", "-o", help="The MP3 file to write.")]
Persona = Annotated[str, typer.Option("--persona", "-p", help="Its id, or its name.")]


def list_(
    target: RestTarget,
    *,
    gender: Label = None,
    accent: Label = None,
    category: Label = None,
    language: Label = None,
    text: Annotated[str | None, typer.Option(help="Anywhere in what is told of them.")] = None,
) -> None:
    """List the voices that can be chosen."""
    asked = {
        "gender": gender,
        "accent": accent,
        "category": category,
        "language": language,
        "text": text,
    }
    query = {name: value for name, value in asked.items() if value is not None}
    with target.rest("voice") as voice:
        found = voice.get("/api/voices", **query)
    if target.json:
        print_json(found)
        return
    if found["stale"]:
        out.print(f"The vendor is away; this is from {found['read_at']}.")
    rows = [
        (v["name"], v["gender"], v["accent"], v["language"], v["voice_id"]) for v in found["items"]
    ]
    print_table(("voice", "gender", "accent", "language", "voice_id"), rows)


def preview(
    target: RestTarget,
    *,
    voice_id: Annotated[str, typer.Argument(help="The voice's id.")],
    output: Sound,
    text: Annotated[str | None, typer.Option(help="What it says; costs characters.")] = None,
) -> None:
    """Write how a voice sounds to a file: the vendor's own sample, or a text."""
    body = {"voice_id": voice_id} | ({} if text is None else {"text": text})
    with target.rest("voice") as voice:
        answer = voice.send("POST", "/api/voices/preview", json=body)
    output.write_bytes(answer.content)
    print_plain(f"{output}: {len(answer.content):,} bytes")


def usage(target: RestTarget, *, persona: Persona) -> None:
    """Show what a persona has spoken this month."""
    persona_id = persona_id_of(target, persona)
    with target.rest("voice") as voice:
        found = voice.get(f"/api/personas/{persona_id}/voice/usage")
    if target.json:
        print_json(found)
        return
    print_plain(
        f"{found['characters_used']:,} of {found['characters_limit']:,} characters;"
        f" {found['characters_remaining']:,} left until {found['reset_date']}"
    )


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="Voices, and what was spoken with them.")
    group.command("list", epilog=examples("dramatis voices list --accent british"))(expand(list_))
    group.command(epilog=examples("dramatis voices preview EXAVITQu4vr4xnSDxMaL -o sarah.mp3"))(
        expand(preview)
    )
    group.command(epilog=examples("dramatis voices usage --persona Nova"))(expand(usage))
    app.add_typer(group, name="voices")
