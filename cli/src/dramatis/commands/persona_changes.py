"""`dramatis personas edit`, `clone`, `settings`, `delete` and `undelete`."""

from pathlib import Path
from tempfile import mkdtemp
from typing import Annotated, Any

import typer

from dramatis.errors import CliError
from dramatis.output import err, out, print_json, print_plain, printable
from dramatis.persona_lookup import find_deleted, find_persona
from dramatis.persona_options import Persona, if_match, names_by_id, path_of
from dramatis.persona_text import difference, edited, patch_of
from dramatis.rest import Rest
from dramatis.target import RestTarget

OUTDATED = 412
REQUIRED = "If-Match"


def edit(
    target: RestTarget,
    *,
    persona: Persona,
    file: Annotated[
        Path | None, typer.Option("--file", "-f", help="The new Markdown; else $EDITOR opens.")
    ] = None,
) -> None:
    """Edit a persona as Markdown, in $EDITOR. If somebody else was faster, nothing is changed.

    Then you see what they changed, and your text is kept in a file.
    """
    with target.rest("persona") as api:
        found = find_persona(api, persona)
        before = api.send("GET", path_of(found, "/export")).text
        path, text = _written(before, found["name"]) if file is None else (file, _read(file))
        ids = {name: persona_id for persona_id, name in names_by_id(api).items()}
        patch = patch_of(text, found, ids)
        if not patch:
            _saved(found, "Nothing has changed.", as_json=target.json)
            return
        answer = api.ask("PATCH", path_of(found), json=patch, headers=if_match(found))
        if answer.status_code == OUTDATED:
            raise _conflict(api, found, before, path)
        document = api.checked(answer).json()
    changed = ", ".join(sorted(patch))
    _saved(document, f"version {document['version']}: changed {changed}", as_json=target.json)


def clone(
    target: RestTarget,
    *,
    persona: Persona,
    name: Annotated[str | None, typer.Option(help='By default "Copy of …".')] = None,
) -> None:
    """Copy a persona under another name."""
    with target.rest("persona") as api:
        found = find_persona(api, persona)
        body = {} if name is None else {"name": name}
        copy = api.send("POST", path_of(found, "/clone"), json=body).json()
    _saved(copy, f"copied to {copy['persona_id']}", as_json=target.json)


def settings(
    target: RestTarget,
    *,
    persona: Persona,
    voice: Annotated[str | None, typer.Option(help="The id of a voice.")] = None,
    model: Annotated[str | None, typer.Option(help="The language model.")] = None,
    temperature: Annotated[float | None, typer.Option(help="0.0 to 2.0.")] = None,
    max_tokens: Annotated[int | None, typer.Option(help="The most that one answer may take.")] = (
        None
    ),
) -> None:
    """Show a persona's voice and language model; with options, choose them."""
    chosen = {
        "voiceId": voice,
        "defaultModel": model,
        "temperature": temperature,
        "maxTokens": max_tokens,
    }
    body = {name: value for name, value in chosen.items() if value is not None}
    with target.rest("persona") as api:
        found = find_persona(api, persona)
        if body:
            api.send("PUT", path_of(found, "/settings"), json=body, headers=if_match(found))
            found = api.get(path_of(found))
    shown = {"voice": found["voice"], "model": found["model"]}
    if target.json:
        print_json({"persona_id": found["persona_id"], **shown})
        return
    for part, values in shown.items():
        for name, value in (values or {"": None}).items():
            print_plain(f"{part} {name}: {value if value is not None else '-'}".replace(" :", ":"))


def delete(
    target: RestTarget,
    *,
    persona: Persona,
    promote: Annotated[
        str | None, typer.Option(help="The next default persona, if this one is the default.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Delete a persona, after showing what that touches. `undelete` brings it back.

    After the retention (30 days, if not set otherwise) it is erased for good.
    """
    with target.rest("persona") as api:
        found = find_persona(api, persona)
        impact = api.get(path_of(found, "/impact"))
        if not target.json:
            print_impact(found["name"], impact)
        if not yes and not typer.confirm(f"Delete {printable(found['name'])}?", err=True):
            raise CliError("Nothing was deleted.")
        params = {} if promote is None else {"promote": find_persona(api, promote)["persona_id"]}
        api.send("DELETE", path_of(found), params=params, headers=if_match(found))
    if target.json:
        print_json({"deleted": found["persona_id"], "impact": impact})
    else:
        print_plain(f"deleted: {found['name']}")
        err.print("`dramatis personas undelete` brings it back.")


def undelete(target: RestTarget, *, persona: Persona) -> None:
    """Bring a deleted persona back, with its versions, knowledge and sequences.

    It is not the default, and nothing is assigned to it.
    """
    with target.rest("persona") as api:
        found = find_deleted(api, persona)
        document = api.send("POST", path_of(found, "/undelete")).json()
    _saved(document, f"is back as version {document['version']}", as_json=target.json)


def print_impact(name: str, impact: dict[str, Any]) -> None:
    """Print what deleting a persona touches."""
    if impact["is_default"]:
        print_plain(f"{name} is the default persona.")
    for use in impact["uses"]:
        if use["count"]:
            more = use["count"] - len(use["names"])
            names = ", ".join(use["names"]) + (f" and {more} more" if use["names"] and more else "")
            print_plain(f"{use['kind']}: {use['count']}" + (f" ({names})" if names else ""))
    for service in impact["unknown"]:
        print_plain(f"{service}: unknown, for it did not answer")
    if not (impact["is_default"] or impact["unknown"] or any(u["count"] for u in impact["uses"])):
        print_plain(f"Nothing uses {name}.")


def _conflict(api: Rest, found: dict[str, Any], before: str, path: Path) -> CliError:
    """Show what somebody else has changed; return the error that says where the text is."""
    now = api.send("GET", path_of(found, "/export")).text
    newest = next(api.items(path_of(found, "/versions")))
    theirs = f"version {newest['version']}"
    out.print(
        printable(difference(before, now, f"version {found['version']}", theirs)), markup=False
    )
    return CliError(
        f"{newest['changed_by']} was faster: {found['name']} has {theirs} now (see above).",
        f"Your text is in {path}. Work their change in, then: dramatis personas edit"
        f" {found['persona_id']} --file {path}",
    )


def _written(markdown: str, name: str) -> tuple[Path, str]:
    stem = "".join(letter if letter.isalnum() else "-" for letter in name.lower())
    path = Path(mkdtemp(prefix="dramatis-")) / f"{stem}.md"
    path.write_text(markdown, encoding="utf-8")
    return path, edited(path)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise CliError(f"{path} cannot be read: {error}.") from error


def _saved(document: dict[str, Any], what: str, *, as_json: bool) -> None:
    if as_json:
        print_json(document)
    else:
        print_plain(f"{document['name']}: {what}")
