"""What the commands on personas share."""

from typing import Annotated, Any

import typer

from dramatis.rest import Rest

Persona = Annotated[str, typer.Argument(help="The persona's id, or its name.")]


def path_of(persona: dict[str, Any], rest: str = "") -> str:
    """Return the address of a persona, or of something below it."""
    return f"/api/personas/{persona['persona_id']}{rest}"


def if_match(persona: dict[str, Any]) -> dict[str, str]:
    """Return the header that refuses a change when somebody was faster."""
    return {"If-Match": f'"{persona["version"]}"'}


def names_by_id(personas: Rest) -> dict[str, str]:
    """Return the name of every persona of the workspace by its id."""
    return {p["persona_id"]: p["name"] for p in personas.items("/api/personas") if not p["virtual"]}
