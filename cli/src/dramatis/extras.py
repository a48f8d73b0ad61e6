"""What the extras of the package bring; none is in an image."""

from importlib.util import find_spec

BROUGHT = {"local": "service_devkit", "tui": "textual"}
"""Extra → a package that it brings: embedded servers; what draws on a full screen."""


def has_extra(extra: str | None) -> bool:
    """Return whether the extra is installed; without one nothing is needed."""
    return extra is None or find_spec(BROUGHT[extra]) is not None
