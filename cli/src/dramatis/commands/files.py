"""`dramatis files`: what personas know."""

from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from dramatis.draft_text import place_of
from dramatis.errors import CliError
from dramatis.extras import has_extra
from dramatis.options import examples, expand
from dramatis.output import out, print_json, print_plain, print_table
from dramatis.persona_lookup import persona_id_of
from dramatis.sent_files import is_settled, passages, send_file, watch_files
from dramatis.target import RestTarget

WATCH_SECONDS = 600.0
Persona = Annotated[
    str, typer.Option("--persona", "-p", help="Whose knowledge: the persona's id, or its name.")
]
FileIds = Annotated[list[str], typer.Argument(help="The files' ids.")]


def add(
    target: RestTarget,
    *,
    files: Annotated[list[Path], typer.Argument(help="Files, up to 50 MB each.")],
    persona: Persona,
    tag: Annotated[list[str] | None, typer.Option("--tag", help="A tag; may be repeated.")] = None,
    wait: Annotated[
        bool, typer.Option("--wait/--no-wait", help="Watch until each file is ready or failed.")
    ] = True,
) -> None:
    """Upload files for a persona, and watch them become knowledge."""
    persona_id = persona_id_of(target, persona)
    with target.rest("ingest") as ingest:
        sent: list[str] = []
        for path in files:
            uploaded = send_file(ingest, persona_id, path, tag or ())
            sent.append(uploaded["id"])
            if not wait:
                _show_sent(uploaded, as_json=target.json)
        if wait:
            _watch(target, persona_id, sent)


def list_(
    target: RestTarget,
    *,
    persona: Persona,
    status: Annotated[
        str | None, typer.Option(help="Only those: processing, ready or failed.")
    ] = None,
    tag: Annotated[str | None, typer.Option(help="Only those with this tag.")] = None,
) -> None:
    """List the files of a persona, newest first, and what it knows in all."""
    persona_id = persona_id_of(target, persona)
    filters = {"status": status, "tag": tag}
    query: dict[str, str | int] = {name: text for name, text in filters.items() if text}
    with target.rest("ingest") as ingest:
        files = list(ingest.items(f"/api/personas/{persona_id}/files", **query))
        knowledge = ingest.get(f"/api/personas/{persona_id}/knowledge")
    if target.json:
        print_json({"items": files, "knowledge": knowledge})
        return
    if files:
        rows = [
            (f["file_name"], f["status"], f["vectors"], f["pages"], f["chunks"], f["file_id"])
            for f in files
        ]
        print_table(("file", "status", "vectors", "pages", "chunks", "file_id"), rows)
    print_plain(knowledge["summary"])


def watch(
    target: RestTarget,
    *,
    persona: Persona,
    file_ids: Annotated[
        list[str] | None, typer.Argument(help="The files' ids; else all that are unsettled.")
    ] = None,
) -> None:
    """Watch files until each is ready, with its vectors, or failed."""
    persona_id = persona_id_of(target, persona)
    with target.rest("ingest") as ingest:
        everything = ingest.items(f"/api/personas/{persona_id}/files")
        watched = file_ids or [f["file_id"] for f in everything if not is_settled(f)]
        if not watched and not target.json:
            out.print("Every file is settled.")
        _watch(target, persona_id, watched)


def rm(target: RestTarget, *, file_ids: FileIds, persona: Persona) -> None:
    """Forget files: they are hidden at once, then deleted with all that was made of them."""
    persona_id = persona_id_of(target, persona)
    with target.rest("ingest") as ingest:
        path = f"/api/personas/{persona_id}/files/delete"
        done = ingest.send("POST", path, json={"file_ids": file_ids}).json()
    if target.json:
        print_json(done)
    else:
        for file_id in done["deleted"]:
            print_plain(f"forgotten: {file_id}")
    if done["not_found"]:
        raise CliError(f"Not found: {', '.join(done['not_found'])}.", "See `dramatis files list`.")


def search(
    target: RestTarget,
    *,
    question: Annotated[str, typer.Argument(help="What to look for.")],
    persona: Persona,
    limit: Annotated[int, typer.Option(min=1, max=20, help="At most so many passages.")] = 5,
) -> None:
    """Search what a persona knows, as a draft does."""
    persona_id = persona_id_of(target, persona)
    with target.rest("ingest") as ingest:
        path = f"/api/personas/{persona_id}/knowledge/search"
        found = ingest.send("POST", path, json={"query": question, "limit": limit}).json()
    if target.json:
        print_json(found)
        return
    if not found["passages"]:
        out.print("Nothing was found.")
    for passage in found["passages"]:
        print_plain(f"{passage['source']}{place_of(passage)}  ({passage['score']:.2f})")
        print_plain(f"  {' '.join(passage['text'].split())[:300]}")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="The files of a persona, and what is in them.")
    group.command(
        epilog=examples(
            "dramatis files add prices.pdf terms.docx --persona Nova",
            "dramatis files add *.md --persona Nova --tag handbook --no-wait",
        )
    )(expand(add))
    group.command("list", epilog=examples("dramatis files list --persona Nova --status failed"))(
        expand(list_)
    )
    group.command(epilog=examples("dramatis files watch --persona Nova"))(expand(watch))
    group.command(epilog=examples("dramatis files rm 0199b3c4-… --persona Nova"))(expand(rm))
    group.command(
        epilog=examples("dramatis files search 'What does it cost?' --persona Nova --limit 3")
    )(expand(search))
    if has_extra("local"):
        import_module("dramatis.commands.reembed").register(group)
    app.add_typer(group, name="files")


def _watch(target: RestTarget, persona_id: str, file_ids: list[str]) -> None:
    """Print a line for each step of each file; exit code 1 if one failed."""
    failed = 0
    with target.rest("ingest") as ingest:
        for file in watch_files(ingest, persona_id, file_ids, WATCH_SECONDS):
            failed += file["status"] == "failed"
            if target.json:
                print_json(file)
            else:
                print_plain(_progress(file))
    if failed:
        raise CliError(f"{failed} of {len(file_ids)} files failed.")


def _progress(file: dict[str, Any]) -> str:
    name, status = file["file_name"], file["status"]
    if status == "failed":
        return f"{name}: failed ({file['error']['code']}): {file['error']['title']}"
    if status == "processing":
        return f"{name}: {file['step']}"
    pages = f", {file['pages']} pages" if file["pages"] else ""
    ready = f"{name}: ready, {passages(file['chunks'])}{pages}"
    return f"{ready}, vectors {file['vectors']}"


def _show_sent(uploaded: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(uploaded)
    else:
        print_plain(f"{uploaded['file_name']}: {uploaded['id']}")
