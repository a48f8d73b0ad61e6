"""The grammar of tokens: what is filled, what is refused with what is meant, what is just text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from service_kit.templates import (
    GREETING_TOKENS,
    Placeholder,
    Token,
    find_placeholders,
    is_merge_field,
    is_missing,
    parse,
)

NAMES = GREETING_TOKENS | {"signature", "bookingLink"}


def only(template):
    """Return the one thing in `template` that is no literal text."""
    (found,) = (piece for piece in parse(template, NAMES) if not isinstance(piece, str))
    return found


@pytest.mark.parametrize(
    ("template", "name", "default"),
    [
        ("Hi {firstName}!", "firstName", None),
        ("Hi {first_name}!", "firstName", None),
        ("Hi {first_name|there}!", "firstName", "there"),
        ("Hi {firstName|}!", "firstName", ""),
        ("{lead.favourite colour|blue}", "lead.favourite colour", "blue"),
        ("It costs ${lead.price}.", "lead.price", None),
    ],
)
def test_a_token_has_one_name_in_camel_case(template, name, default):
    token = only(template)
    assert isinstance(token, Token)
    assert (token.name, token.default) == (name, default)
    assert template[token.position :].startswith(token.text)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("{{first_name}}", "{firstName}"),
        ("{{ firstName }}", "{firstName}"),
        ("{{{first_name}}}", "{firstName}"),
        ('{{ first_name | default: "there" }}', "{firstName|there}"),
        ("{{ first_name or 'you' }}", "{firstName|you}"),
        ("{{contact.firstname}}", "{firstName}"),
        ("{{company_name}}", "{company}"),
        ("{firstName||there}", "{firstName|there}"),
        ("{first_name||there}", "{firstName|there}"),
        ("{ firstName }", "{firstName}"),
        ("{FIRST_NAME}", "{firstName}"),
        ("[firstName,fallback=there]", "{firstName}"),
        ("[Имя]", "{firstName}"),
        ("[姓名]", "{fullName}"),
        ("{fistName|there}", "{firstName|there}"),
        ("{!Contact.FirstName}", "{firstName}"),
        ("${firstName}", "{firstName}"),
        ("*|FNAME|*", "{firstName}"),
        ("*|EMAIL|*", "{email}"),
        ("%FIRSTNAME%", "{firstName}"),
        ("%%first_name%%", "{firstName}"),
        ("%recipient.fname%", "{firstName}"),
        ("[First Name]", "{firstName}"),
        ("[first_name|there]", "{firstName|there}"),
        ("[Vorname]", "{firstName}"),
        ("[Your Company]", "{company}"),
        ("[[lastName]]", "{lastName}"),
        ("<<First Name>>", "{firstName}"),
        ("<%= first_name %>", "{firstName}"),
        ("<first name>", "{firstName}"),
        ("\u00abFirstName\u00bb", "{firstName}"),
        ("#FIRST_NAME#", "{firstName}"),
        ("@@fname@@", "{firstName}"),
        ("{Pr\u00e9nom}", "{firstName}"),
        ("【姓名】", "{fullName}"),
        ("【이름】", "{firstName}"),
        ("〔お名前〕", "{fullName}"),
        ("［会社名］", "{company}"),
        ("｛firstName｝", "{firstName}"),
        ("｛｛first_name｝｝", "{firstName}"),
        ("％FNAME％", "{firstName}"),
        ("＜first_name＞", "{firstName}"),
        ("\u2774first_name\u2775", "{firstName}"),
        ("<<Name>>", "{fullName}"),
        ("\u00abName\u00bb", "{fullName}"),
        ("__NAME__", "{fullName}"),
        ("@first_name@", "{firstName}"),
        (":last_name:", "{lastName}"),
        ("||company||", "{company}"),
        ("$first_name", "{firstName}"),
        ("$lastName$", "{lastName}"),
        ("[الاسم]", "{fullName}"),
        ("[İsim]", "{firstName}"),
        ("[Meeting Link]", "{bookingLink}"),
        ("[name|there]", "{fullName|there}"),
    ],
)
def test_what_other_programs_fill_is_refused_with_what_is_meant(written, meant):
    found = only(f"Hi {written}, one more thing.")
    assert isinstance(found, Placeholder)
    assert (found.text, found.position, found.meant) == (written, 3, meant)
    assert f"Did you mean {meant}?" in found.hint
    assert is_merge_field(written)


@pytest.mark.parametrize(
    "written",
    [
        *("{", "}", "{}", "{{}}", "{{", "{% if x %}", "*|IF:VIP|*", "%SKU_4%", "[your offer]"),
        *("[link]", "[date]", "[insert date here]", "[Datum]", "[Kalenderlink]"),
        *("[fecha]", "[日付]", "【链接】", "[TBD]", "[XXX]", "[___]", "____", "<your offer>"),
        *("｛", "〔날짜〕", "[цена]", "[Deal Size]", "[REGION CODE]", "[INDUSTRY]"),
    ],
)
def test_what_means_no_token_is_refused_with_what_a_token_looks_like(written):
    found = only(f"Hi {written}, one more thing.")
    assert isinstance(found, Placeholder)
    assert (found.text, found.meant) == (written, None)
    assert "{firstName|there}" in found.hint


@pytest.mark.parametrize(
    "text",
    [
        "20% of 30%, 100%off and 5 % more",
        "https://a.example/S%C3%A3o%20Paulo?q=%E2%82%AC",
        "[Webinar] Invitation",
        "as she wrote [sic] in [1] and [2]",
        "[our name](https://a.example)",
        "Ada <ada@lead.example>, <b>bold</b>",
        "\u00abBonjour\u00bb, dit-il",
        "C# or F#? $10 ~ $20 :: @ada, @bob",
        "a * b | c * d",
        "snake__name__case",
        "**bold** and _italic_",
        "Words\n______________\nmore",
        "[Acme Webinar] Invitation",
        "see [EU], [PDF], [optional] and [...]",
        "[ ] one\n[x] two",
        "write [they] for [he]",
        "【重要】お知らせ",
        "「姓名」とは",
        "１００％、５０％",
        "at 10:30:00 and 2:1",
        "C:\\name and $5 or 5$",
        "a||b and a|b",
        "[Price List](https://a.example)",
    ],
)
def test_other_marks_are_just_text(text):
    assert parse(text, NAMES) == (text,)
    assert find_placeholders(text) == []


@pytest.mark.parametrize("words", ["[Acme Group]", "[EMEA]"])
def test_titles_in_brackets_are_fields_of_templates_alone(words):
    assert isinstance(only(f"We spoke of {words} today."), Placeholder)
    assert find_placeholders(f"We spoke of {words} today.") == []


@pytest.mark.parametrize("code", ['{"a": 1}', "{ return 1; }", "{", "}"])
def test_braces_of_code_are_no_merge_fields(code):
    assert not is_merge_field(code)


@pytest.mark.parametrize(
    "value",
    [
        None,
        " \u200b",
        "null",
        "NULL",
        "(null)",
        "<null>",
        "N/A",
        "#N/A",
        "n.a.",
        "undefined",
        "not applicable",
        '""',
        "None",
        "-",
        "--",
        "\u2014",
        "{{first_name}}",
        "{firstName}",
        "*|FNAME|*",
        "%FIRSTNAME%",
        "[First Name]",
    ],
)
def test_the_ways_a_crm_writes_nothing_are_missing_values(value):
    assert is_missing(value)


@pytest.mark.parametrize(
    "value", ["Ada", "Na", "Nil", "Nan", "Noneto", "Null Ltd", "O", "?", "-5", "A-Z", "\u674e"]
)
def test_names_that_look_empty_are_names(value):
    assert not is_missing(value)


texts = st.lists(
    st.sampled_from([*"{}[]%*|<>#$ \nab_.｛｝【】:@", "firstName", "lead.x"]), max_size=30
).map("".join)


@given(texts)
def test_the_pieces_are_the_text_and_no_literal_holds_a_brace(text):
    pieces = parse(text, NAMES)
    literals = [piece for piece in pieces if isinstance(piece, str)]
    assert "".join(piece if isinstance(piece, str) else piece.text for piece in pieces) == text
    assert not any(brace in literal for literal in literals for brace in "{}")


@given(texts)
def test_every_place_is_where_the_text_stands(text):
    for piece in parse(text, NAMES):
        if not isinstance(piece, str):
            assert text[piece.position : piece.position + len(piece.text)] == piece.text
