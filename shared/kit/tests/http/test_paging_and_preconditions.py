import contextlib
from datetime import UTC, datetime
from uuid import UUID

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from service_kit.paging import BadCursorError, PageRequest, encode_cursor

THINGS = "/api/plain/things/1"


async def test_pages_cover_a_list_once(client: httpx.AsyncClient) -> None:
    seen: list[int] = []
    address: str | None = "/api/plain/pages?limit=200"
    while address:
        page = (await client.get(address)).json()
        seen += page["items"]
        cursor = page["next"]
        address = f"/api/plain/pages?limit=200&after={cursor}" if cursor else None
    assert seen == list(range(1, 500))


async def test_page_has_50_items_unless_told(client: httpx.AsyncClient) -> None:
    assert len((await client.get("/api/plain/pages")).json()["items"]) == 50


@pytest.mark.parametrize("limit", ["0", "201", "-1", "x", "1e3"])
async def test_limit_outside_1_to_200_is_422(client: httpx.AsyncClient, limit: str) -> None:
    response = await client.get(f"/api/plain/pages?limit={limit}")
    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == "limit"


@pytest.mark.parametrize(
    "cursor", ["x", "", "W10", "bnVsbA", "é", "a" * 1025, encode_cursor("text"), "[1]"]
)
async def test_foreign_cursor_is_422_naming_after(client: httpx.AsyncClient, cursor: str) -> None:
    response = await client.get("/api/plain/pages", params={"after": cursor})
    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == "after"


KEYS = {
    datetime: st.datetimes(timezones=st.just(UTC)),
    UUID: st.uuids(),
    int: st.integers(),
    str: st.text(),
}


@pytest.mark.parametrize("kind", KEYS)
@given(st.data())
def test_key_survives_its_cursor(kind: type[object], data: st.DataObject) -> None:
    key = data.draw(KEYS[kind])
    assert PageRequest(1, encode_cursor(key)).start_after(kind) == key


@given(st.text(max_size=80))
def test_any_text_is_a_key_or_a_bad_cursor(text: str) -> None:
    with contextlib.suppress(BadCursorError):
        PageRequest(1, text).start_after(UUID)


@pytest.mark.parametrize(
    "header",
    ['"7"', "*", '"6", "7"', '"6","7"', ' "7" ', 'W/"7"', '"6", W/"7"', '"7-gzip"', 'W/"7--br"'],
)
async def test_matching_version_may_be_changed(client: httpx.AsyncClient, header: str) -> None:
    response = await client.patch(THINGS, headers={"If-Match": header})
    assert response.status_code == 200


@pytest.mark.parametrize("header", ['"6"', 'W/"6"', '"6-gzip"', '"77"', '"7-7"', '""'])
async def test_other_version_is_412_with_the_current_document(
    client: httpx.AsyncClient, header: str
) -> None:
    for send in (client.patch, client.put):
        response = await send(THINGS, headers={"If-Match": header})
        assert response.status_code == 412
        assert response.json()["current"] == {"number": 1, "version": 7}


@pytest.mark.parametrize("header", ["7", '"7', '"7" "8"', '"7",', "*, *", '*, "7"', "", 'w/"7"'])
async def test_unreadable_if_match_is_422(client: httpx.AsyncClient, header: str) -> None:
    for send in (client.patch, client.put):
        response = await send(THINGS, headers={"If-Match": header})
        assert response.status_code == 422
        assert response.json()["errors"][0]["field"] == "If-Match"


async def test_missing_if_match_is_428_where_it_is_required(client: httpx.AsyncClient) -> None:
    response = await client.patch(THINGS)
    assert response.status_code == 428
    assert response.json()["type"] == "urn:dramatis:problem:if-match-required"
    assert (await client.put(THINGS)).status_code == 200
