"""Names that look the same are the same; none shows text in another order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from service_kit.names import name_key, turning_character


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Sales", "sALES"),
        ("STRASSE", "straße"),
        ("Sales  team", "Sales team"),
        ("\uff33\uff41\uff4c\uff45\uff53", "Sales"),
        ("Cafe\u0301", "Café"),
        ("Cafe\u034f\u0301", "Café"),
        ("Sales\u2003team", "Sales team"),
    ],
)
def test_names_that_look_the_same_have_the_same_key(left: str, right: str) -> None:
    assert name_key(left) == name_key(right)


@pytest.mark.parametrize(
    "unseen",
    [
        "\u00ad",  # soft hyphen
        "\u034f",  # combining grapheme joiner
        "\u061c",
        "\u115f",
        "\u17b4",
        "\u180e",
        "\u200b",
        "\u200d",
        "\u2060",
        "\u2065",  # not assigned, ignorable all the same
        "\u2800",
        "\u3164",  # Hangul filler
        "\ufe0e",
        "\ufe0f",
        "\ufeff",
        "\uffa0",
        "\U0001d173",
        "\U000e0041",  # a tag
        "\U000e0100",  # variation selector 17
    ],
)
def test_what_is_not_seen_makes_no_other_name(unseen: str) -> None:
    for name in (f"Vela{unseen}", f"{unseen}Vela", f"Ve{unseen}la", f"Vela{unseen}{unseen}"):
        assert name_key(name) == "vela"
    assert name_key(unseen) == ""


def test_names_that_differ_have_different_keys() -> None:
    names = ("Sales", "Sale", "Säles", "Sales 2", "سلز", "販売", "ㅂ", "❤")
    assert len({name_key(name) for name in names}) == len(names)


@given(st.text())
def test_the_key_of_a_key_is_itself(name: str) -> None:
    assert name_key(name_key(name)) == name_key(name)


@pytest.mark.parametrize("name", ["Ve\u202ela", "\u202dVela", "Vela\u202e"])
def test_an_override_is_told_with_its_place(name: str) -> None:
    message = turning_character(name)
    assert message is not None
    assert "U+202" in message
    place = next(at for at, letter in enumerate(name, 1) if not letter.isascii())
    assert f"character {place}," in message


@pytest.mark.parametrize(
    "name", ["ولاء", "וולה", "Vela \u2067וולה\u2069", "\u202aVela\u202c", "א\u200f"]
)
def test_names_of_languages_from_right_to_left_are_taken(name: str) -> None:
    assert turning_character(name) is None
