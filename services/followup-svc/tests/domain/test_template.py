"""The strict renderer: all values or nothing, and never a hole (A48-A51, A54, N9)."""

import re
from dataclasses import replace

import pytest
from followup_svc.domain.template import (
    ErrorType,
    aliases,
    is_setup_issue,
    lint,
    pause_reason,
    render,
    uses,
)
from followup_svc.domain.tokens import TOKENS, Facts, TokenSource, named
from hypothesis import given, settings
from hypothesis import strategies as st
from service_kit.templates import is_blank

FIELD = {
    "firstName": "first_name",
    "lastName": "last_name",
    "fullName": "first_name",
    "email": "email",
    "phone": "phone",
    "company": "company",
    "campaignName": "campaign_name",
    "senderName": "sender_name",
    "signature": "signature",
    "serviceDescription": "service_description",
    "goals": "goals",
    "idealCustomerProfile": "ideal_customer_profile",
    "bookingLink": "booking_link",
}
SOURCES = {
    **dict.fromkeys(("firstName", "lastName", "fullName", "email", "phone", "company"), "lead"),
    "lead.plan": "lead",
    "campaignName": "campaign",
    **dict.fromkeys(("senderName", "signature", "serviceDescription", "goals"), "persona"),
    **dict.fromkeys(("idealCustomerProfile", "bookingLink", "qualificationQuestion1"), "workspace"),
}
NAMES = [*FIELD, "lead.plan", "qualificationQuestion1"]
EVERY = pytest.mark.parametrize("name", NAMES)
BLANK = [None, "", "   ", "\n\t", "\u200b", "\u00a0\u2060"]


def facts(name, value):
    """Return facts in which the token `name` has `value`, and no other has any."""
    if name == "lead.plan":
        return Facts(attributes={"plan": value})
    if name == "qualificationQuestion1":
        return Facts(qualification_questions=() if value is None else (value,))
    return Facts(**{FIELD[name]: value})


def rendered(template, known=None, max_chars=100_000):
    return render(template, known or Facts(), max_chars=max_chars)


def test_every_token_of_the_registry_is_tested_here():
    assert set(TOKENS) == set(FIELD)


@EVERY
@pytest.mark.parametrize(
    "value",
    [
        "Anna",
        "\u2014 John Doe\nCEO, Acme Inc",
        "x" * 10_240,
        "\u0645\u0631\u062d\u0628\u0627 \u05e9\u05dc\u05d5\u05dd",
        "$1 \\1 %s 100%",
        "[1] [sic] <b> #1 *",
    ],
    ids=["plain", "lines", "10 KB", "right to left", "special", "marks"],
)
def test_a_value_is_put_in_as_it_is(name, value):
    result = rendered(f"<{{{name}}}>", facts(name, value))
    assert result.ok
    assert result.rendered == f"<{value}>"
    assert result.template_errors == ()


@EVERY
@pytest.mark.parametrize("value", BLANK, ids=map(repr, BLANK))
def test_null_and_blank_are_missing_alike(name, value):
    result = rendered(f"Hi {{{name}}}.", facts(name, value))
    assert not result.ok
    assert result.rendered is None
    (error,) = result.template_errors
    assert (error.type, error.token, error.position) == ("missing_value", f"{{{name}}}", 3)
    assert error.source == SOURCES[name]
    assert error.hint
    assert error.code == f"missing_value:{{{name}}}"
    assert error.is_setup_issue is (SOURCES[name] in ("persona", "workspace"))


@EVERY
def test_an_explicit_default_stands_in_for_what_is_missing(name):
    template = f"{{{name}|you, there}}"
    assert rendered(template).rendered == "you, there"
    assert rendered(template, facts(name, "Bo")).rendered == "Bo"
    assert rendered(f"<{{{name}|}}>").rendered == "<>"


@pytest.mark.parametrize(
    ("template", "token", "position"),
    [
        ("{firstName}}", "}", 11),
        ("Hi {", "{", 3),
        ("}", "}", 0),
        ("{firstName", "{", 0),
        ("{}", "{}", 0),
        ("a { firstName }", "{ firstName }", 2),
        ("{first-name}", "{first-name}", 0),
        ("{lead.}", "{lead.}", 0),
        ("{company|{email}}", "{", 0),
    ],
)
def test_what_is_malformed_is_named_with_its_place(template, token, position):
    error = rendered(template, Facts(email="e", company="c", first_name="f")).template_errors[0]
    assert (error.type, error.token, error.position) == ("malformed", token, position)
    assert lint(template)[0] == error


@pytest.mark.parametrize(
    ("name", "meant"),
    [("firstname", "firstName"), ("Signature", "signature"), ("campaign", None), ("x", None)],
)
def test_an_unknown_token_is_refused_with_what_may_be_meant(name, meant):
    (error,) = rendered(f"Hi {{{name}|Bo}}").template_errors
    assert (error.type, error.token, error.position) == ("unknown_token", f"{{{name}}}", 3)
    assert meant is None or f"Did you mean {{{meant}|Bo}}?" in error.hint
    assert lint(f"Hi {{{name}|Bo}}") == (error,)


@pytest.mark.parametrize("name", ["qualificationQuestion0", "qualificationQuestion", "lead"])
def test_a_family_of_tokens_has_no_other_members(name):
    assert named(name) is None


def test_everything_that_is_wrong_is_said_at_once_in_order():
    result = rendered("{signature} {nope} {company} {")
    assert [(error.type, error.position) for error in result.template_errors] == [
        ("missing_value", 0),
        ("unknown_token", 12),
        ("missing_value", 19),
        ("malformed", 29),
    ]
    assert is_setup_issue(result.template_errors)


def test_the_reason_of_a_pause_names_each_token_and_its_mend():
    errors = rendered("{signature} {company} {signature}").template_errors
    reason = pause_reason(2, errors)
    assert reason.startswith(
        "Step 2 was not sent: {signature} has no value; {company} has no value."
    )
    assert reason.count("ai_signature") == 1
    assert "{company|text}" in reason


@pytest.mark.parametrize(
    "known",
    [
        Facts(company="our {signature}", signature="A"),
        Facts(company="we {lead.plan} you"),
        Facts(company="{firstName|x} Ltd"),
        Facts(company="Acme }"),
        Facts(company="Acme [First Name]"),
        Facts(company="Acme %COMPANY% Ltd"),
        Facts(company="Acme 【会社名】"),
        Facts(company="Acme ｛company｝"),
        Facts(company="Acme [link]"),
    ],
)
def test_a_value_that_spells_a_token_never_reaches_a_lead(known):
    (error,) = rendered("At {company}", known).template_errors
    assert error.type is ErrorType.MALFORMED
    assert (error.position, error.source) == (3, TokenSource.LEAD)


def test_a_text_that_is_too_long_is_not_sent():
    known = Facts(company="x" * 100)
    assert rendered("{company}", known, max_chars=100).ok
    (error,) = rendered("{company}!", known, max_chars=100).template_errors
    assert "101" in error.hint


@pytest.mark.parametrize(
    ("value", "shown"), [(12, "12"), (1.5, "1.5"), ("gold", "gold"), (True, None), ([1], None)]
)
def test_attributes_are_texts_and_numbers(value, shown):
    assert rendered("{lead.plan}", Facts(attributes={"plan": value})).rendered == shown


def test_attributes_may_have_spaces_in_their_names():
    known = Facts(attributes={"favourite colour": "blue"})
    assert rendered("{lead.favourite colour}", known).rendered == "blue"


def test_a_full_name_is_what_is_known_of_it():
    assert rendered("{fullName}", Facts(first_name="A", last_name="B")).rendered == "A B"
    assert rendered("{fullName}", Facts(first_name=" ", last_name="B")).rendered == "B"


def test_a_token_is_used_only_where_it_is_one():
    assert uses("{signature}", "signature")
    assert uses("{signature|x}", "signature")
    assert not uses("signature {senderName}", "signature")


def test_what_nobody_sees_is_blank():
    assert is_blank("\u200b \u2060\ufeff\n")
    assert not is_blank("\u200b.")


HOLES = re.compile(r"[{}｛｝]|【姓名】|\[link\]|\*\|.*?\|\*|%FNAME%|\[First Name\]|<<.*?>>")
texts = st.text(max_size=6)
values = st.one_of(
    st.none(),
    st.sampled_from(
        ["", " ", "Bo", "{signature}", "signature", "{", "}", "%FNAME%", "First Name", "{company|}"]
    ),
    texts,
)
pieces = st.one_of(
    st.sampled_from(["{{", "}}", "{", "}", " ", "signature", "lead.x"]),
    st.sampled_from(["%FNAME%", "*|FNAME|*", "[First Name]", "<<", ">>", "%", "[", "]", "|"]),
    st.sampled_from(["｛", "｝", "【", "】", "姓名", "[link]", "link", "____"]),
    st.sampled_from(NAMES).map(lambda name: f"{{{name}}}"),
    st.sampled_from(NAMES).flatmap(lambda name: texts.map(lambda t: f"{{{name}|{t}}}")),
    texts,
)
known_facts = st.builds(
    replace,
    st.just(Facts()),
    attributes=st.dictionaries(st.sampled_from(["plan", "x"]), values),
    qualification_questions=st.lists(texts, max_size=2).map(tuple),
    **dict.fromkeys(dict.fromkeys(FIELD.values()), values),
)


@settings(max_examples=10 * settings.default.max_examples)
@given(template=st.lists(pieces, max_size=8).map("".join), known=known_facts)
def test_either_no_brace_and_no_merge_field_is_left_or_nothing_is_sent(template, known):
    result = rendered(template, known)
    if result.ok:
        assert result.rendered is not None
        assert not HOLES.search(result.rendered)
        assert lint(template) == ()
        assert result.template_errors == ()
    else:
        assert result.rendered is None
        assert result.template_errors
    for error in result.template_errors:
        assert 0 <= error.position <= len(template)


def test_a_signature_of_many_lines_is_kept_verbatim():
    signed = Facts(signature="\u2014 John Doe\nCEO, Acme Inc")
    assert rendered("Best,\n{signature}\n", signed).rendered == (
        "Best,\n\u2014 John Doe\nCEO, Acme Inc\n"
    )


@EVERY
def test_a_default_stands_in_for_a_blank_value_too(name):
    for value in BLANK:
        assert rendered(f"{{{name}|you}}", facts(name, value)).rendered == "you"


@EVERY
@pytest.mark.parametrize(
    "default",
    ["x" * 10_240, "\u0645\u0631\u062d\u0628\u0627 \u05e9\u05dc\u05d5\u05dd", " ", "a\nb"],
    ids=["10 KB", "right to left", "space", "lines"],
)
def test_a_default_is_put_in_as_it_is(name, default):
    assert rendered(f"<{{{name}|{default}}}>").rendered == f"<{default}>"


@EVERY
def test_a_clean_template_has_nothing_to_correct_when_it_is_saved(name):
    assert lint(f"Hi {{{name}}}, {{{name}|you}} 100%, [1]") == ()


@EVERY
def test_the_reason_of_a_pause_names_the_token_and_its_hint(name):
    (error,) = rendered(f"{{{name}}}").template_errors
    assert pause_reason(3, (error,)) == (
        f"Step 3 was not sent: {{{name}}} has no value. {error.hint}"
    )
    assert is_setup_issue((error,)) is (SOURCES[name] in ("persona", "workspace"))


def test_every_kind_of_error_has_a_code_and_words_for_a_person():
    errors = rendered("{company} {nope} {").template_errors
    assert [error.code for error in errors] == [
        "missing_value:{company}",
        "unknown_token:{nope}",
        "malformed:{",
    ]
    assert pause_reason(1, errors).startswith(
        "Step 1 was not sent: {company} has no value; {nope} is no token; { cannot be sent. "
    )
    assert is_setup_issue(errors[1:])
    assert not is_setup_issue(errors[:1])


def test_nothing_wrong_is_no_setup_issue():
    assert not is_setup_issue(())


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{company|{email}}", [("{", 0), ("}", 16)]),
        ("{firstName|{{x}}}", [("{", 0), ("{{x}}}", 11)]),
        ("{firstName|Bo", [("{", 0)]),
        ("{{firstName}", [("{{", 0), ("}", 11)]),
        ("{{{firstName}}", [("{{{firstName}}", 0)]),
        ("{firstName||Bo}", [("{firstName||Bo}", 0)]),
        ("{firstName }", [("{firstName }", 0)]),
        ("{ firstName}", [("{ firstName}", 0)]),
        ("{firstName |Bo}", [("{firstName |Bo}", 0)]),
        ("{|Bo}", [("{|Bo}", 0)]),
        ("{ }", [("{ }", 0)]),
        ("{}{}", [("{}", 0), ("{}", 2)]),
    ],
)
def test_every_piece_that_is_malformed_is_told_apart(template, expected):
    known = Facts(first_name="f", company="c", email="e")
    found = rendered(template, known).template_errors
    assert [(error.token, error.position) for error in found if error.type == "malformed"] == (
        expected
    )
    assert is_setup_issue(found)


def test_a_merge_field_that_values_spell_together_is_refused():
    known = Facts(first_name="%first", last_name="name%")
    (error,) = rendered("Hi {firstName}{lastName}", known).template_errors
    assert (error.type, error.token, error.position) == ("malformed", "%firstname%", 3)


@EVERY
def test_a_value_that_spells_any_token_is_refused(name):
    known = Facts(company=f"We are {{{name}}}")
    assert not rendered("{company}", known).ok
    assert not rendered("{company}", replace(known, company=f"{{{name}|x}}")).ok


@pytest.mark.parametrize("max_chars", [0, 1, 4])
def test_the_limit_counts_text_and_values(max_chars):
    result = rendered("a{firstName}b{company}", Facts(first_name="xx", company="y"), max_chars)
    assert not result.ok
    assert [error.type for error in result.template_errors] == ["malformed"]
    assert "5 characters" in result.template_errors[0].hint


def test_an_empty_template_is_an_empty_text():
    assert rendered("", max_chars=0).rendered == ""
    assert lint("") == ()


MARKED = [
    "null",
    "N/A",
    "undefined",
    "none",
    "-",
    "\u2014",
    "{{first_name}}",
    "*|FNAME|*",
    "(null)",
]


@pytest.mark.parametrize("value", MARKED)
def test_the_empty_marks_of_a_crm_are_missing_values(value):
    assert rendered("Hi {firstName|there},", Facts(first_name=value)).rendered == "Hi there,"
    assert rendered("{fullName}", Facts(first_name=value, last_name="Li")).rendered == "Li"
    assert rendered("{lead.plan|a}", Facts(attributes={"plan": value})).rendered == "a"
    assert not rendered("In {campaignName}", Facts(campaign_name=value)).ok


@pytest.mark.parametrize("value", ["-", "none", "N/A"])
def test_the_workspace_own_words_are_no_empty_marks(value):
    assert rendered("{goals}", Facts(goals=value)).rendered == value


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("first_name", "firstName"),
        ("sender_name", "senderName"),
        ("qualification_question_1", "qualificationQuestion1"),
    ],
)
def test_snake_case_is_another_name_and_the_check_tells_the_first(written, name):
    template = f"Hi {{{written}|there}},"
    assert lint(template) == ()
    assert rendered(template).rendered == "Hi there,"
    (alias,) = aliases(template)
    assert (alias.token, alias.position) == (f"{{{written}|there}}", 3)
    assert f"{{{name}}}" in alias.hint
    assert aliases(f"Hi {{{name}}}") == ()
