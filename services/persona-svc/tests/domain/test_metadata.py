"""Metadata: JSON of limited size that stays as it is."""

import math

import pytest
from persona_svc.domain.metadata import (
    MAX_METADATA_BYTES,
    InvalidMetadataError,
    frozen_metadata,
    metadata_json,
    plain_metadata,
)


def test_metadata_may_take_16_kib_of_json() -> None:
    empty = len('{"k":""}')
    full = {"k": "é" * ((MAX_METADATA_BYTES - empty) // 2)}
    assert plain_metadata(frozen_metadata(full)) == full
    with pytest.raises(InvalidMetadataError, match="takes 16,385 bytes of JSON: shorten it"):
        frozen_metadata({"k": full["k"] + "x"})


def test_metadata_may_be_8_levels_deep() -> None:
    eight: object = {}
    for _ in range(7):
        eight = {"a": eight}
    assert plain_metadata(frozen_metadata(eight)) == eight
    assert plain_metadata(frozen_metadata({"a": [[[[[[[1]]]]]]]}))
    with pytest.raises(InvalidMetadataError, match=r"at a\.a\.a\.a\.a\.a\.a\.a: flatten"):
        frozen_metadata({"a": eight})


def test_metadata_that_holds_itself_is_refused() -> None:
    circle: list = []
    circle.append(circle)
    with pytest.raises(InvalidMetadataError, match="flatten it"):
        frozen_metadata({"a": circle})


@pytest.mark.parametrize(
    "value",
    [
        math.nan,
        math.inf,
        2**53,
        -(2**53),
        1e300,
        pytest.param(10**5000, id="huge"),
        b"x",
        {1, 2},
        {1: "x"},
        "\0",
        "\ud800",
    ],
)
def test_what_json_readers_cannot_keep_is_refused_with_its_place(value: object) -> None:
    with pytest.raises(InvalidMetadataError, match=r"outer\.1"):
        frozen_metadata({"outer": [1, value]})


def test_the_largest_numbers_are_kept() -> None:
    values = {"a": 2**53 - 1, "b": -(2**53) + 1, "c": 9007199254740991.0}
    assert plain_metadata(frozen_metadata(values)) == values


def test_true_and_1_are_different_values_of_metadata() -> None:
    assert metadata_json(frozen_metadata({"a": True})) != metadata_json(frozen_metadata({"a": 1}))


def test_the_order_of_keys_makes_no_difference() -> None:
    assert metadata_json({"a": 1, "b": 2}) == metadata_json({"b": 2, "a": 1})
