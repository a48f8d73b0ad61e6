"""What every service lists of itself, in one list: asked of all side by side."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, Generic
from urllib.parse import parse_qs
from uuid import UUID

from pydantic import TypeAdapter
from service_kit.paging import DEFAULT_LIMIT, PageRequest, encode_cursor
from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from studio_svc.adapters.http_services import HttpServices
from studio_svc.domain.merged_page import Item, KeyT, MergedPage, PageOfOne, merged_page
from studio_svc.domain.services import ServiceUnavailableError

PATIENCE_SECONDS: Final = 3.0
OWN_NAME: Final = "studio-svc"
DOCUMENT: Final = TypeAdapter(dict[str, Any])


@dataclass(frozen=True)
class MergedList(Generic[KeyT]):
    """A list that every service has, and the order of its items."""

    key: Callable[[Item], KeyT]
    read_cursor: Callable[[str], KeyT | None]
    is_descending: bool
    is_paged: bool = True

    def merge(self, told: Mapping[str, Mapping[str, Any] | None], limit: int) -> MergedPage[KeyT]:
        """Return one page of what services have told."""
        pages = {name: self._page_of(each) for name, each in told.items() if each is not None}
        shown = limit if self.is_paged else None
        return merged_page(pages, self.key, shown, is_descending=self.is_descending)

    def _page_of(self, told: Mapping[str, Any]) -> PageOfOne[KeyT]:
        cursor = told["next"]
        return PageOfOne(told["items"], None if cursor is None else self.read_cursor(cursor))


def _uuid_of(cursor: str) -> str | None:
    found = PageRequest(1, cursor).start_after(UUID)
    return None if found is None else str(found)


def _number_of(cursor: str) -> int | None:
    return PageRequest(1, cursor).start_after(int)


AUDIT: Final = MergedList[str](lambda item: item["audit_id"], _uuid_of, is_descending=True)
DEAD_LETTERS: Final = MergedList[int](
    lambda item: item["dead_letter_id"], _number_of, is_descending=False
)
NOTICES: Final = MergedList[str](
    lambda item: item["kind"], _uuid_of, is_descending=False, is_paged=False
)
LISTS: Final[Mapping[str, MergedList[Any]]] = {
    "/api/audit": AUDIT,
    "/api/dead-letters": DEAD_LETTERS,
    "/api/notices": NOTICES,
}


class _Collected:
    """An answer of our own routes, kept to be looked at."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    async def send(self, message: Message) -> None:
        self.messages.append(message)

    @property
    def status(self) -> int:
        return self.messages[0]["status"]

    def document(self) -> dict[str, Any]:
        return DOCUMENT.validate_json(b"".join(each.get("body", b"") for each in self.messages))


class Merger:
    """Answers with one page of all services, and names those that did not answer."""

    def __init__(self, app: ASGIApp, services: HttpServices) -> None:
        """Take the routes of this service, which has these lists, too."""
        self._app = app
        self._services = services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; what our own routes refuse is refused."""
        own = _Collected()
        await self._app({**scope, "method": "GET"}, receive, own.send)
        if own.status == HTTPStatus.OK:
            document = await self._merged(scope, own.document())
            await JSONResponse(document)(scope, receive, send)
            return
        for message in own.messages:
            await send(message)

    async def _merged(self, scope: Scope, own: Mapping[str, Any]) -> dict[str, Any]:
        path = scope["path"].rstrip("/")
        merged_list = LISTS[path]
        target = path.encode() + b"?" + scope["query_string"]
        authorization = Headers(scope=scope)["authorization"]
        names = self._services.names
        asked = [self._ask(name, target, authorization) for name in names]
        told = {OWN_NAME: own, **dict(zip(names, await asyncio.gather(*asked), strict=True))}
        page = merged_list.merge(told, _limit(scope))
        return {
            "items": page.items,
            "next": None if page.next_after is None else encode_cursor(page.next_after),
            "unavailable": [name for name, each in told.items() if each is None],
        }

    async def _ask(
        self, service: str, target: bytes, authorization: str
    ) -> Mapping[str, Any] | None:
        try:
            return await self._services.get_json(service, target, authorization, PATIENCE_SECONDS)
        except ServiceUnavailableError:
            return None


def _limit(scope: Scope) -> int:
    (limit,) = parse_qs(scope["query_string"].decode("latin-1")).get("limit", [DEFAULT_LIMIT])[-1:]
    return int(limit)
