"""`dramatis contracts`: what events look like, for generators and validators."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dramatis.lazy import Lazy
from dramatis.options import examples
from dramatis.output import out

if TYPE_CHECKING:
    from persona_contracts import schemas
else:
    schemas = Lazy("persona_contracts.schemas")


def export(
    folder: Annotated[Path, typer.Argument(help="Where the files go; it is made if missing.")],
) -> None:
    """Write asyncapi.yaml and the JSON Schema of each event and document into a folder."""
    files = schemas.generate()
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    out.print(f"{len(files)} files in {folder}", markup=False)


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(help="What events look like.", no_args_is_help=True)
    group.command(epilog=examples("dramatis contracts export ./contracts"))(export)
    app.add_typer(group, name="contracts")
