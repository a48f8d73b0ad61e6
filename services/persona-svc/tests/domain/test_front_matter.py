"""YAML from anybody: predictable values, or an error that names the line."""

from contextlib import suppress

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from persona_svc.domain.front_matter import (
    MAX_DEPTH,
    MAX_EVENTS,
    PersonaFileError,
    read_front_matter,
    write_front_matter,
)

TEXTS = st.text(st.characters(codec="utf-8"), max_size=30) | st.sampled_from(
    ["no", "yes", "on", "null", "~", "", "true", "1", "-0", "1.0", "1e5", "1.5e5", "1.5e+5", "=",
     "<<", "0x1F", "0o7", "1_000", "12:30:45", "2024-01-01", ".inf", "- a", "# a", "a: b", "---",
     "...", "a #b", "'", '"', "|", "> a", "\n", "\r\n", " a", "a ", "a\n b\n", "\n\na\n\n", "?",
     "a\u2028", "\x85", "\ufeff", "\t", "😀 \n😀", "\U0010ffff", "[", "{", "%a", "@a", "`a", "&a"]
)  # fmt: skip
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(-(2.0**53), 2.0**53)
    | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


def same(left: object, right: object) -> bool:
    """Return whether two plain values are equal and of the same types."""
    return repr(left) == repr(right)


@settings(deadline=None)
@given(values=st.dictionaries(TEXTS, VALUES, max_size=5))
def test_what_is_written_is_read_again(values: dict) -> None:
    assert same(read_front_matter(write_front_matter(values)), values)


@settings(deadline=None)
@given(values=st.dictionaries(TEXTS, VALUES, max_size=5))
def test_other_readers_of_yaml_read_the_same(values: dict) -> None:
    assert same(yaml.safe_load(write_front_matter(values)), values)


@settings(deadline=None)
@given(values=st.dictionaries(TEXTS, VALUES, max_size=5))
def test_no_line_of_it_ends_the_front_matter(values: dict) -> None:
    lines = write_front_matter(values).split("\n")
    assert not [line for line in lines if line.startswith("---")]


@settings(deadline=None)
@given(text=st.text(alphabet="ab:-?[]{},#&*!|>'\"%@`\n \t\\x0~.<=\0\x85\u2028\ud800", max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(PersonaFileError):
        assert isinstance(read_front_matter(text), dict)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("yes", "yes"),
        ("ON", "ON"),
        ("tRUE", "tRUE"),
        ("'True'", "True"),
        ("True", True),
        ("TRUE", True),
        ("False", False),
        ("FALSE", False),
        ("Null", None),
        ("NULL", None),
        ("2024-01-01", "2024-01-01"),
        ("12:30:45", "12:30:45"),
        ("0x1F", "0x1F"),
        ("010", "010"),
        ("1_000", "1_000"),
        ("+1", "+1"),
        ("1e5", "1e5"),
        (".inf", ".inf"),
        ("12345678901234567", "12345678901234567"),
        ('"1"', "1"),
        ("'null'", "null"),
        ("", None),
        ("~", None),
        ("null", None),
        ("true", True),
        ("false", False),
        ("-12", -12),
        ("0.50", 0.5),
        ("-1.5e-3", -0.0015),
    ],
)
def test_values_mean_what_they_look_like(text: str, value: object) -> None:
    assert same(read_front_matter(f"key: {text}"), {"key": value})


@pytest.mark.parametrize("text", ["", "\n", "# only a comment\n", "null", "~"])
def test_nothing_is_an_empty_mapping(text: str) -> None:
    assert read_front_matter(text) == {}


def test_keys_are_texts_as_they_stand() -> None:
    assert read_front_matter("1: a\nno: b\nnull: c\n<<: d\n") == {
        "1": "a",
        "no": "b",
        "null": "c",
        "<<": "d",
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: !!python/object/apply:os.system [ls]", "line 3: uses a tag"),
        ("a: !!str 1", "line 2: uses a tag"),
        ("!x a: 1", "line 2: uses a tag"),
        ("a: ! 1", "line 2: uses a tag"),
        ("a: &x 1\nb: *x", "line 2: uses &"),
        ("a: *x", "line 2: uses &"),
        ("&x a: 1", "line 2: uses &"),
        ("a: &x [*x]", "line 2: uses &"),
        ("a: 1\nb: 2\na: 3", "line 4: repeats the key a"),
        ("m:\n  a: 1\n  a: 1", "line 4: repeats the key a"),
        ("[a, b]: c", "line 2: has a key that is not text"),
        ("? {a: b}\n: c", "line 2: has a key that is not text"),
        ("- a\n- b", "line 2: must hold lines like"),
        ("just text", "line 2: must hold lines like"),
        ("a: 1\n--- b\n", "line 3: starts a second document"),
        ("a: [1", "line 2: "),
        ("a: b: c", "line 2: mapping values are not allowed here"),
        ("a: '", "line 2: "),
        ("\ta: 1", "line 2: "),
        ("%YAML 9.9\n---\na: 1", "line 2: "),
        ("a: \x01", "has a character that YAML does not allow"),
        ('a: "\\U00110000"', "has a character that YAML does not allow"),
    ],
)
def test_everything_else_is_refused_with_its_line(text: str, message: str) -> None:
    with pytest.raises(PersonaFileError) as caught:
        read_front_matter(text)
    assert str(caught.value).startswith(f"front matter: {message}")


def test_an_alias_bomb_is_refused_at_its_first_anchor() -> None:
    lines = ['l0: &l0 ["lol", "lol"]'] + [
        f"l{n}: &l{n} [*l{n - 1}, *l{n - 1}]" for n in range(1, 64)
    ]
    with pytest.raises(PersonaFileError, match="line 2: uses &"):
        read_front_matter("\n".join(lines))


@pytest.mark.parametrize("level", ["[", "{a: ", "- ", "? "])
def test_nesting_without_end_is_refused(level: str) -> None:
    with pytest.raises(PersonaFileError, match=f"deeper than {MAX_DEPTH} levels|key that is not"):
        read_front_matter(f"a:\n  {level * 5_000}")


def test_values_without_end_are_refused() -> None:
    with pytest.raises(PersonaFileError, match="holds too many values"):
        read_front_matter("a: [" + "1," * MAX_EVENTS + "]")


def test_a_long_text_of_several_lines_is_written_for_people_to_read() -> None:
    written = write_front_matter({"goals": "First.\n\n  - indented\nLast: no\n", "language": "no"})
    assert written == "goals: |\n  First.\n\n    - indented\n  Last: no\nlanguage: 'no'\n"
