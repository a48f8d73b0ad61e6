"""`dramatis keys`: API keys of a workspace."""

from typing import Annotated
from uuid import UUID

import typer

from dramatis.options import examples, expand
from dramatis.output import err, out, print_json, print_table
from dramatis.persona_lookup import persona_id_of
from dramatis.target import RestTarget
from dramatis.wire_names import Role

DAYS = 90


def create(
    target: RestTarget,
    *,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Who or what will use it.")],
    role: Annotated[Role, typer.Option("--role", help="What the bearer may do.")] = "viewer",
    persona: Annotated[
        list[str] | None,
        typer.Option("--persona", "-p", help="Limit it to this one, by id or name; repeatable."),
    ] = None,
    days: Annotated[int, typer.Option("--days", help="How long it lives, at most 366.")] = DAYS,
) -> None:
    """Make an API key and print it: this once, nobody can show it again."""
    grant: dict[str, object] = {"name": name, "role": role, "expires_in_days": days}
    if persona:
        grant["persona_ids"] = [persona_id_of(target, each) for each in persona]
    with target.rest("persona") as personas:
        made = personas.send("POST", "/api/keys", json=grant).json()
    if target.json:
        print_json(made)
        return
    key = made["key"]
    err.print(f"Key {key['key_id']}, until {key['expires_at']}. Keep it: it is not shown again.")
    print(made["api_key"])


def list_(target: RestTarget) -> None:
    """List the keys that are not revoked, newest first, with their last use."""
    with target.rest("persona") as personas:
        found = list(personas.items("/api/keys"))
    if target.json:
        print_json({"items": found})
        return
    if not found:
        out.print("No API keys.")
        return
    rows = [
        (
            key["name"],
            key["role"],
            "all" if key["persona_ids"] is None else len(key["persona_ids"]),
            f"{key['shown']}…",
            key["expires_at"],
            key["last_used_at"],
            key["key_id"],
        )
        for key in found
    ]
    columns = ("name", "role", "personas", "begins", "expires", "last used", "key_id")
    print_table(columns, rows)


def revoke(
    target: RestTarget,
    *,
    key: Annotated[UUID, typer.Argument(metavar="KEY_ID", help="The key's id, not the key.")],
) -> None:
    """Revoke a key: two seconds later no service takes it."""
    with target.rest("persona") as personas:
        personas.send("DELETE", f"/api/keys/{key}")
    if target.json:
        print_json({"revoked": key})
    else:
        out.print(f"Revoked {key}.")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="API keys of a workspace.")
    group.command(
        epilog=examples(
            "KEY=$(dramatis keys create shop --role viewer)",
            "dramatis keys create newsletter --role editor --persona Nova --days 30",
        )
    )(expand(create))
    group.command("list", epilog=examples("dramatis keys list"))(expand(list_))
    group.command(epilog=examples("dramatis keys revoke 0199b3c4-…"))(expand(revoke))
    app.add_typer(group, name="keys")
