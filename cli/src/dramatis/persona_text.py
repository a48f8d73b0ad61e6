"""Edits a persona as Markdown: in an editor, then as a patch of its fields."""

import os
import shlex
import subprocess
from difflib import unified_diff
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from dramatis.errors import CliError
from dramatis.lazy import Lazy

if TYPE_CHECKING:
    from persona_svc.domain import markdown
else:
    markdown = Lazy("persona_svc.domain.markdown")

EDITORS = ("VISUAL", "EDITOR")
DEFAULT_EDITOR = "vi"


def edited(path: Path) -> str:
    """Return the text of `path` after the editor has ended.

    Raises:
        CliError: the editor cannot be started, or says that it failed.
    """
    command = next((os.environ[name] for name in EDITORS if os.environ.get(name)), DEFAULT_EDITOR)
    try:
        ended = subprocess.run([*shlex.split(command), str(path)], check=False)  # noqa: S603 — the user's own
    except OSError as error:
        raise CliError(
            f"The editor {command!r} cannot be started: {error.strerror}.",
            "Name another one in EDITOR, or give a file with --file.",
        ) from error
    if ended.returncode:
        raise CliError(f"The editor {command!r} ended with code {ended.returncode}.")
    return path.read_text(encoding="utf-8")


def patch_of(text: str, current: dict[str, Any], ids_by_name: dict[str, str]) -> dict[str, Any]:
    """Return what turns the persona `current` into what the Markdown `text` says.

    Raises:
        InvalidError: the text breaks a rule; it names every field.
        CliError: its parent is unknown.
    """
    file = markdown.from_markdown(text)
    values = file.fields.as_dict()
    values["parent_id"] = None
    if file.parent_name is not None:
        if file.parent_name not in ids_by_name:
            raise CliError(
                f"parent: there is no persona {file.parent_name!r} here.",
                "See `dramatis personas list`.",
            )
        values["parent_id"] = ids_by_name[file.parent_name]
    return {
        name: _emptied(value, current.get(name))
        for name, value in values.items()
        if value != current.get(name)
    }


def difference(before: str, after: str, before_name: str, after_name: str) -> str:
    """Return a unified diff of two texts."""
    lines = unified_diff(
        before.splitlines(), after.splitlines(), before_name, after_name, lineterm=""
    )
    return "\n".join(lines)


def _emptied(value: Any, current: Any) -> Any:  # noqa: ANN401 — JSON
    """Return `value` with a null for each key that `current` has and `value` has not.

    A patch (RFC 7396) merges objects: what it does not name stays.
    """
    if not isinstance(value, dict) or not isinstance(current, dict):
        return cast("Any", value)
    new, old = cast("dict[str, Any]", value), cast("dict[str, Any]", current)
    gone: dict[str, Any] = dict.fromkeys(old.keys() - new.keys())
    return gone | {name: _emptied(item, old.get(name)) for name, item in new.items()}
