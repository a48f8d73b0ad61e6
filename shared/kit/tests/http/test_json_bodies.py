"""Large bodies: what they hold is counted before it is read."""

import json
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from service_kit.json_bodies import MAX_VALUES, THREAD_BYTES, count_values

JSON = {"content-type": "application/json"}


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({f"k{n}": 1 for n in range(60_000)}),
        '{"name":[' + "1," * 200_000 + "1]}",
        '{"name":[' + "{}," * 100_000 + "{}]}",
        "[" * 100_000,
        '{"name":' + '{"a":' * 50_000 + "1" + "}" * 50_000 + "}",
    ],
)
async def test_a_body_of_very_many_values_is_refused_before_it_is_read(client, body) -> None:
    answer = await client.post("/api/plain/things", content=body, headers=JSON)
    assert answer.status_code in {404, 405, 422}
    answer = await client.post("/api/notes", content=body, headers=JSON)
    assert answer.status_code == 422
    assert answer.json()["type"] == "urn:dramatis:problem:too-many-values"
    assert "fields and items" in answer.json()["detail"]
    assert len(answer.content) < 2_000


def test_what_stands_in_texts_is_not_counted() -> None:
    text = ', "[{' * (THREAD_BYTES // 2)
    assert count_values(json.dumps({"name": text}).encode()) == 2


@pytest.mark.parametrize("end", ["", '"', "\\\\"])
def test_a_string_without_an_end_costs_no_more_than_its_length(end) -> None:
    body = ("[" + "," * MAX_VALUES + '"' + '\\"' * 490_000 + end).encode()
    begun = process_time()
    assert count_values(body) == MAX_VALUES + 2
    assert process_time() - begun < 1


async def test_a_large_body_that_is_no_json_is_told(client) -> None:
    content = b'{"name": "' + b"x" * THREAD_BYTES
    answer = await client.post("/api/notes", content=content, headers=JSON)
    assert answer.status_code == 400


VALUES = st.recursive(
    st.none() | st.text(max_size=9) | st.integers(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=9), inner),
)


def parts(value) -> int:
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + sum(map(parts, inside))


@given(VALUES)
def test_no_fewer_are_counted_than_there_are(value) -> None:
    body = json.dumps(value, ensure_ascii=False).encode()
    assert count_values(body) >= parts(value) // 2
    assert count_values(body * MAX_VALUES) >= min(MAX_VALUES, parts(value))
