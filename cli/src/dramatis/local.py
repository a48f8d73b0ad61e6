"""What the extra `dramatis[local]` brings: embedded servers, and the services as processes."""

from importlib.util import find_spec


def has_local() -> bool:
    """Return whether the extra is installed; it is in no image."""
    return find_spec("service_devkit") is not None
