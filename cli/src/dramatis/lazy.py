"""Modules that are loaded when they are first used: help and mistakes are answered without them."""

from importlib import import_module
from typing import Any


class Lazy:
    """Stands for a module; the first look at one of its names loads it."""

    def __init__(self, module: str) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 — whatever the module holds
        """Return what the module calls `name`."""
        return getattr(import_module(self._module), name)
