"""Lists in pages: `?limit=` and `?after=<cursor>` in, `items` and `next` out."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Depends, Query
from pydantic import BaseModel, TypeAdapter

from service_kit.errors import FieldError, InvalidError
from service_kit.in_turn import in_turn

DEFAULT_LIMIT = 50
MAX_LIMIT = 200
MAX_CURSOR_CHARS = 1024
_KEY = TypeAdapter(tuple[Any])

ItemT = TypeVar("ItemT")
KeyT = TypeVar("KeyT")


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

    @property
    def rows(self) -> int:
        """How many items to read: one more than is shown, to know whether more follow."""
        return self.limit + 1

    def start_after(self, kind: type[KeyT]) -> KeyT | None:
        """Return the key of the last item seen, such as a `UUID`; None: start at the first.

        Raises:
            BadCursorError: the cursor holds no such key.
        """
        if self.cursor is None:
            return None
        try:
            (key,) = _KEY.validate_json(urlsafe_b64decode(self.cursor + "=="))
            return TypeAdapter(kind).validate_python(key)
        except ValueError as error:
            hint = FieldError("after", "is not a cursor of this list: pass the `next` of a page")
            raise BadCursorError(f"{hint.field}: {hint.message}", errors=[hint]) from error

    def page(self, items: Sequence[ItemT], key: Callable[[ItemT], object]) -> Page[ItemT]:
        """Return the page of `items`, of which up to `rows` were read."""
        shown = list(items[: self.limit])
        more = len(items) > self.limit
        return Page(items=shown, next=encode_cursor(key(shown[-1])) if more else None)


def encode_cursor(key: object) -> str:
    """Return the opaque text of the key of an item."""
    return urlsafe_b64encode(_KEY.dump_json((key,))).rstrip(b"=").decode()


async def _page_request(
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT, description="Items in a page.")] = (
        DEFAULT_LIMIT
    ),
    after: Annotated[
        str | None,
        Query(max_length=MAX_CURSOR_CHARS, description="The `next` of the page before."),
    ] = None,
    _: Annotated[None, Depends(in_turn)] = None,
) -> PageRequest:
    return PageRequest(limit, after)


Paging = Annotated[PageRequest, Depends(_page_request)]
"""What a list route takes."""
