"""Which passages an answer used, and what is left of the text."""

import pytest
from persona_model.citations import Cited, split_citations
from persona_model.usage import TokenUsage


@pytest.mark.parametrize(
    ("text", "body", "cited"),
    [
        ("It costs 49 EUR.\n\nPassages used: 1, 3", "It costs 49 EUR.", (1, 3)),
        ("It costs 49 EUR.\n**Passages used:** 2\n", "It costs 49 EUR.", (2,)),
        ("It costs 49 EUR.\npassages used: none", "It costs 49 EUR.", ()),
        ("It costs 49 EUR [2], all in [Passage 1].", "It costs 49 EUR, all in.", (1, 2)),
        ("It costs 49 EUR [2, 3].\nPassages used: 1", "It costs 49 EUR.", (1, 2, 3)),
        ("See [4], and [12] too.\nPassages used: 7, 1", "See, and too.", (1,)),
        ("It costs 49 EUR.", "It costs 49 EUR.", ()),
        ("Passages used: 1\n\nis how we call it.", "Passages used: 1\n\nis how we call it.", ()),
    ],
)
def test_citations_are_read_and_never_sent(text, body, cited):
    found = split_citations(text, 3)
    assert (found.text, found.numbers) == (body, cited)


def test_citations_of_passages_that_were_not_given_are_dropped_and_counted():
    assert split_citations("So it is [4].\nPassages used: 4, 9, 1", 3) == Cited(
        "So it is.", (1,), 2
    )


def test_marks_that_stay_are_numbered_as_the_citations_are():
    text = "It costs 49 EUR [3]. Ten cost 400 [2, 3], it says [8].\nPassages used: 2, 3, 8"
    assert split_citations(text, 3, keep_marks=True) == Cited(
        "It costs 49 EUR [2]. Ten cost 400 [1, 2], it says.", (2, 3), 1
    )


def test_without_passages_brackets_are_plain_text():
    assert split_citations("See [4].", 0) == Cited("See [4].", ())


def test_a_cost_that_is_partly_unknown_is_unknown():
    known = TokenUsage(input_tokens=1, output_tokens=2, cost_microusd=3)
    unknown = TokenUsage(input_tokens=1, output_tokens=2, cost_microusd=None)

    assert known + known == TokenUsage(input_tokens=2, output_tokens=4, cost_microusd=6)
    assert (known + unknown).cost_microusd is None
    assert (unknown + known).cost_microusd is None
