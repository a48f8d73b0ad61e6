"""E-mail addresses: what is the same one, and what is none."""

import pytest
from followup_svc.domain.address import fold_address


@pytest.mark.parametrize(
    "spelled",
    [
        "lea@lead.example",
        "Lea@Lead.Example",
        "  lea@lead.example\n",
        "Lea Weber <lea@lead.example>",
        '"Weber, Lea" <LEA@lead.example>',
        "<lea@lead.example>",
        "mailto:lea@lead.example",
        "lea@lead.example.",
        "\uff4c\uff45\uff41@lead.example",
    ],
)
def test_spellings_of_one_address_are_one(spelled):
    assert fold_address(spelled) == "lea@lead.example"


def test_both_spellings_of_a_domain_are_one():
    assert fold_address("lea@b\u00fccher.example") == fold_address("lea@xn--bcher-kva.example")


@pytest.mark.parametrize(
    "text",
    [None, "", " ", "lea", "@lead.example", "lea@", "N/A", "{{email}}", "lea @x y", "a@" * 200],
)
def test_what_is_no_address_is_none(text):
    assert fold_address(text) is None


@pytest.mark.parametrize(
    "other", ["lea+a@lead.example", "l.ea@lead.example", "lea@lead.example.org"]
)
def test_other_addresses_stay_others(other):
    assert fold_address(other) != fold_address("lea@lead.example")
