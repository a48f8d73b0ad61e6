"""One page of what several services list."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

KeyT = TypeVar("KeyT", int, str)
Item = dict[str, Any]


@dataclass(frozen=True, slots=True)
class PageOfOne(Generic[KeyT]):
    """What one service lists, and up to where it has looked; None: to the end."""

    items: Sequence[Item]
    looked_to: KeyT | None


@dataclass(frozen=True, slots=True)
class MergedPage(Generic[KeyT]):
    """What is shown, and after which key the next page begins; None: there is none."""

    items: Sequence[Item]
    next_after: KeyT | None


def merged_page(
    pages: Mapping[str, PageOfOne[KeyT]],
    key: Callable[[Item], KeyT],
    limit: int | None,
    *,
    is_descending: bool,
) -> MergedPage[KeyT]:
    """Return up to `limit` items of all (None: all), in order, each with its `service`.

    Nothing is shown that lies behind where a service has stopped looking: it may have more before.
    """
    bounds = [page.looked_to for page in pages.values() if page.looked_to is not None]
    bound = (max(bounds) if is_descending else min(bounds)) if bounds else None
    items = [
        {"service": service, **item}
        for service, page in pages.items()
        for item in page.items
        if bound is None or (key(item) >= bound if is_descending else key(item) <= bound)
    ]
    items.sort(key=key, reverse=is_descending)
    if limit is not None and len(items) > limit:
        return MergedPage(items[:limit], key(items[limit - 1]))
    return MergedPage(items, bound)
