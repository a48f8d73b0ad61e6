"""Options that many commands share, as the fields of a dataclass."""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import wraps
from typing import Any, cast, get_type_hints


def examples(*lines: str) -> str:
    """Return the epilog of a command's help."""
    return "\n\n".join(("Examples:", *lines))


def expand(
    function: Callable[..., None], extra: Sequence[inspect.Parameter] = ()
) -> Callable[..., None]:
    """Return `function` with each dataclass parameter replaced by one option per field.

    Typer reads the signature; fields are annotated as its parameters are. `extra` parameters are
    handed over as keyword arguments.
    """
    signature = inspect.signature(function, eval_str=True)
    groups = {
        name: cast("type[Any]", parameter.annotation)
        for name, parameter in signature.parameters.items()
        if is_dataclass(parameter.annotation)
    }

    @wraps(function)
    def call(**values: Any) -> None:  # noqa: ANN401 — whatever the command line holds
        for name, group in groups.items():
            members = {field.name: values.pop(field.name) for field in fields(group)}
            values[name] = group(**members)
        function(**values)

    own = [
        parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
        for name, parameter in signature.parameters.items()
        if name not in groups and parameter.kind is not inspect.Parameter.VAR_KEYWORD
    ]
    shared = [option for group in groups.values() for option in _options(group)]
    call.__signature__ = signature.replace(parameters=[*own, *extra, *shared])  # pyright: ignore[reportAttributeAccessIssue] — read by inspect.signature
    return call


def _options(group: type[Any]) -> list[inspect.Parameter]:
    hints = get_type_hints(group, include_extras=True)
    return [
        inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            annotation=hints[field.name],
            default=_default(field),
        )
        for field in fields(group)
    ]


def _default(field: Field[Any]) -> object:
    return inspect.Parameter.empty if field.default is MISSING else field.default
