"""A passage that contains a query's words in their order is known, however it was copied."""

import pytest
from ingest_svc.domain.quotation import LIFT, Quotation

SENTENCE = "The office stays fine and well-known documents are not a flood of costs in Oslo."
BEFORE = "Prices are listed below, by month and by year, for each of the bicycles. " * 8
AFTER = "Nobody is asked for a deposit, whatever the size of the company. " * 8


def share(query, text):
    return Quotation(query).share_in(text)


@pytest.mark.parametrize(
    "copy",
    [
        SENTENCE,
        SENTENCE.upper(),
        SENTENCE.replace(" ", "\n"),
        SENTENCE.replace("documents", "docu-\nments"),
        SENTENCE.replace("documents", "docu\u00adments"),
        SENTENCE.replace("well-known", "well\u2011known"),
        SENTENCE.replace("ffi", "\ufb03").replace("fl", "\ufb02").replace("fi", "\ufb01"),
        SENTENCE.replace(" and", ", \u201cand\u201d \u2014"),
        SENTENCE.replace(" ", "\u00a0").replace("Oslo.", "Oslo!"),
    ],
    ids=["same", "case", "lines", "hyphen", "soft", "no-break", "ligatures", "marks", "spaces"],
)
def test_a_copy_is_a_quotation_whatever_happened_to_its_form(copy):
    assert share(SENTENCE, BEFORE + copy + AFTER) == 1
    assert share(copy, BEFORE + SENTENCE + AFTER) == 1


@pytest.mark.parametrize(
    "sentence",
    [
        "Die Straße führt über die Brücke, größer als jede andere im Land.",
        "Цены на велосипеды зависят от количества сотрудников компании.",
        "東京の自転車の価格は社員の数によって決まります。",
        "أسعار الدراجات تعتمد على عدد الموظفين في الشركة.",
        "Le prix d\u2019un vélo dépend du nombre d\u2019employés de l\u2019entreprise.",
    ],
)
def test_quotations_are_known_in_every_language(sentence):
    assert share(sentence.upper(), f"{BEFORE}{sentence[:20]}\n{sentence[20:]}{AFTER}") == 1
    assert share(sentence, BEFORE + AFTER) == 0


def test_a_page_header_in_the_middle_does_not_hide_a_quotation():
    broken = SENTENCE.replace(" documents", "\n12\nChapter 3: Prices\n documents")
    assert 0.85 <= share(SENTENCE, BEFORE + broken + AFTER) < 1


def test_a_quotation_over_the_edge_of_a_passage_is_known_by_the_greater_part():
    first, second = BEFORE + SENTENCE[:50] + "\n12", "Chapter 3\n" + SENTENCE[50:] + AFTER
    assert share(SENTENCE, first) == pytest.approx(0.6, abs=0.1)
    assert share(SENTENCE, second) == 0
    assert share(SENTENCE, "Chapter 3\n" + SENTENCE[30:] + AFTER) == pytest.approx(0.6, abs=0.1)
    assert share(SENTENCE, BEFORE + SENTENCE[:50] + AFTER) == 0


def test_a_passage_within_a_long_query_is_quoted():
    assert share(BEFORE + SENTENCE + AFTER, SENTENCE) > 0.85


@pytest.mark.parametrize(
    ("query", "text", "is_quoted"),
    [
        ("a cat", "In a caterpillar", False),
        ("a cat", "I saw A cat.", True),
        ("cat a", "I saw a cat.", False),
        ("cat", "I saw a cat.", False),
        ("", "", False),
        ("?!", "I saw a cat.", False),
        ("What do bicycles cost by month?", BEFORE, False),
        ("by year and by month for bicycles of each", BEFORE, False),
    ],
)
def test_words_in_another_order_and_parts_of_words_are_no_quotation(query, text, is_quoted):
    assert share(query, text) == is_quoted


def test_who_quotes_more_comes_first_whatever_the_scores():
    quotation = Quotation(SENTENCE)
    all_of_it = quotation.lift(0.1, SENTENCE)
    nearly = quotation.lift(3.0, SENTENCE.replace("fine", "poor"))
    none = quotation.lift(3.0, BEFORE)
    assert all_of_it > nearly > none == 3.0
    assert all_of_it == LIFT + 0.1
