"""What the tool answers is honest, cited and fit to be spoken."""

import pytest
from voice_svc.domain.answer import (
    MAX_EXCERPT_CHARS,
    NOT_IN_DOCUMENTS,
    AnswerStatus,
    PassageText,
    compose_answer,
    normalise_question,
    speakable,
)


def passage(text, source="prices.pdf", page=3, chunk_id="c1"):
    return PassageText(
        text=text, source=source, page=page, section=None, file_id="f1", chunk_id=chunk_id
    )


def test_without_passages_it_says_that_it_is_not_in_the_documents():
    answer = compose_answer("What does it cost?", [])
    assert (answer.status, answer.text, answer.citations) == (
        AnswerStatus.NOT_FOUND,
        NOT_IN_DOCUMENTS,
        (),
    )


def test_an_answer_names_source_and_page_of_each_passage():
    answer = compose_answer(
        "What does a team of ten pay?",
        [
            passage("A team of ten pays 490 EUR a month."),
            passage("Teams may leave each month.", "terms.docx", None, "c2"),
        ],
    )
    assert answer.text == (
        "From prices.pdf, page 3: A team of ten pays 490 EUR a month."
        " From terms.docx: Teams may leave each month."
    )
    assert [(c.source, c.page) for c in answer.citations] == [
        ("prices.pdf", 3),
        ("terms.docx", None),
    ]


def test_the_sentence_that_answers_is_spoken_wherever_it_stands():
    filler = " ".join(f"Paragraph {number} is about bicycles." for number in range(60))
    answer = compose_answer(
        "How long is the warranty?", [passage(f"{filler} The warranty lasts 5 years. {filler}")]
    )
    assert answer.citations[0].quote.startswith("The warranty lasts 5 years.")
    assert len(answer.citations[0].quote) <= MAX_EXCERPT_CHARS


def test_many_passages_are_cited_but_few_are_spoken():
    found = [passage(f"Fact {n} is true.", page=n, chunk_id=f"c{n}") for n in range(1, 9)]
    answer = compose_answer("Which facts?", found)
    assert [c.page for c in answer.citations] == [1, 2, 3, 4, 5]
    assert answer.text.count("From prices.pdf") == 3
    assert len(answer.text) < 900


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("# Prices\n\n**Basic** costs `10 EUR`.", ["Prices", "Basic costs 10 EUR."]),
        ("| plan | price |\n|---|---|\n| Basic | 10 EUR |", ["plan, price", "Basic, 10 EUR"]),
        ("- one\n- two\n2. three", ["one", "two", "three"]),
        ("See [our terms](https://x.example/t?a=1) now.", ["See our terms now."]),
        ("Go to https://shop.example/a_b?c=d today", ["Go to today"]),
        ("plan\tprice\nBasic\t10", ["plan, price", "Basic, 10"]),
        ("> quoted\x00 and\x1b[0m ragged\u200b", ["quoted and 0m ragged"]),
        (
            "3.5 % of 1_000 snake_case stay. So do A/B tests!",
            ["3.5 % of 1_000 snake_case stay.", "So do A/B tests!"],
        ),
        ("----\n====\n* * *", []),
        ("", []),
    ],
)
def test_nothing_is_left_that_a_voice_cannot_say(written, spoken):
    assert speakable(written) == spoken


def test_passages_without_anything_to_say_are_no_answer():
    assert compose_answer("What?", [passage("----\n|--|--|")]).status is AnswerStatus.NOT_FOUND


def test_a_text_without_sentences_is_cut_at_a_word():
    answer = compose_answer("What?", [passage("word " * 500)])
    quote = answer.citations[0].quote
    assert len(quote) <= MAX_EXCERPT_CHARS
    assert quote.endswith("word…")


@pytest.mark.parametrize(
    "text",
    [
        "What does it cost?",
        "  what   does IT cost ?? ",
        "Ｗhat does it cost",
        "what\ndoes it cost.",
    ],
)
def test_questions_that_differ_in_nothing_that_matters_are_the_same(text):
    assert normalise_question(text) == "what does it cost"


def test_other_words_are_another_question():
    assert normalise_question("What does it cost?") != normalise_question("What did it cost?")
