"""Lists of the stand-in, in pages."""

from collections.abc import Iterable, Mapping

from service_devkit.vendors.elevenlabs.account import Json, VendorError

LARGEST_PAGE = 100


def paged(things: Iterable[Json], query: Mapping[str, str]) -> tuple[list[Json], str | None]:
    """Return the page that is asked for, and the cursor of the next one."""
    everything = list(things)
    start, size = int(query.get("cursor") or 0), int(query.get("page_size", "30"))
    if not 1 <= size <= LARGEST_PAGE:
        raise VendorError(422, "invalid", f"page_size must be between 1 and {LARGEST_PAGE}.")
    end = start + size
    return everything[start:end], str(end) if end < len(everything) else None
