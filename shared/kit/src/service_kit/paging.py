"""Lists in pages: `?limit=` and `?after=<cursor>` in, `items` and `next` out."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Depends, Query
from pydantic import BaseModel, TypeAdapter

from service_kit.errors import FieldError, InvalidError

DEFAULT_LIMIT = 50
MAX_LIMIT = 200
MAX_CURSOR_CHARS = 1024
_POSITION = TypeAdapter(tuple[Any, ...])

ItemT = TypeVar("ItemT")
PositionT = TypeVar("PositionT", bound=tuple[Any, ...])


class BadCursorError(InvalidError):
    """The cursor was not made by this list."""

    slug = "bad-cursor"


class Page(BaseModel, Generic[ItemT]):
    """Some items of a list, and the cursor of what follows (null: nothing does)."""

    items: list[ItemT]
    next: str | None


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which part of a list is asked for."""

    limit: int
    cursor: str | None

    def after(self, kind: type[PositionT]) -> PositionT | None:
        """Return the position to start behind, such as a `tuple[datetime, UUID]`; None: the start.

        Raises:
            BadCursorError: the cursor holds no such position.
        """
        if self.cursor is None:
            return None
        try:
            return TypeAdapter(kind).validate_json(urlsafe_b64decode(self.cursor + "=="))
        except ValueError as error:
            mend = FieldError("after", "is not a cursor of this list: pass the `next` of a page")
            raise BadCursorError(f"{mend.field}: {mend.message}", errors=[mend]) from error

    def page(
        self, items: Sequence[ItemT], position: Callable[[ItemT], tuple[Any, ...]]
    ) -> Page[ItemT]:
        """Return the page of `items`, which were selected with `limit + 1`."""
        shown = list(items[: self.limit])
        more = len(items) > self.limit
        return Page(items=shown, next=encode_cursor(position(shown[-1])) if more else None)


def encode_cursor(position: tuple[Any, ...]) -> str:
    """Return the opaque text of a position in a list."""
    return urlsafe_b64encode(_POSITION.dump_json(position)).rstrip(b"=").decode()


async def _page_request(
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT, description="Items in a page.")] = (
        DEFAULT_LIMIT
    ),
    after: Annotated[
        str | None,
        Query(max_length=MAX_CURSOR_CHARS, description="The `next` of the page before."),
    ] = None,
) -> PageRequest:
    return PageRequest(limit, after)


Paging = Annotated[PageRequest, Depends(_page_request)]
"""What a list route takes."""
