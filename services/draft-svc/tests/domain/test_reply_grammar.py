"""Of replies as programs write them, in every language and charset, exactly the words are left."""

import ast
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import mail_grammar
import pytest
from draft_svc.domain.reply import clean_reply
from hypothesis import given
from hypothesis import strategies as st
from mail_grammar import Reply, replies

MIN_EXACT = 0.995


def cleaned(reply: Reply) -> str:
    return clean_reply(body_text=None, body_html=None, raw_email=reply.raw_email).text


def assert_exact(generated: Sequence[Reply]) -> None:
    """No word is lost, and all but a few replies are exact; failures are shown by their kind."""
    inexact = [(reply, text) for reply in generated if (text := cleaned(reply)) != reply.words]
    kinds = Counter(reply.kind for reply, _ in inexact)
    lost = [
        (reply.kind, line)
        for reply, text in inexact
        for line in reply.words.split("\n")
        if line not in text
    ]
    assert lost == []
    assert len(inexact) <= (1 - MIN_EXACT) * len(generated), kinds.most_common(20)


def test_the_words_of_500_replies_are_exact_and_none_is_lost() -> None:
    assert_exact(list(replies(500, seed=1)))


@pytest.mark.faults
@pytest.mark.long
def test_the_words_of_10_000_replies_are_exact_and_none_is_lost() -> None:
    assert_exact(list(replies(10_000, seed=2)))


def test_every_program_and_language_is_generated() -> None:
    kinds = [reply.kind.split("/") for reply in replies(3_000, seed=3)]
    assert {kind[0] for kind in kinds} == mail_grammar.PLAIN.keys() | mail_grammar.HTML.keys()
    assert {kind[1] for kind in kinds} == mail_grammar.LANGUAGES.keys()


def test_the_grammar_knows_nothing_of_what_it_tests() -> None:
    tree = ast.parse(Path(mail_grammar.__file__).read_text())
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    assert not any("draft_svc" in ast.unparse(node) for node in imports)


WORDS = st.text("abc xyz äß щю 価格 ,.", min_size=1).filter(lambda text: text.strip(" .,"))


@given(words=WORDS, number=st.integers(0, 10**6))
def test_what_was_typed_above_history_always_comes_out(words: str, number: int) -> None:
    typed = f"We need {number} pieces: {words.strip()} and no more of them."
    (reply,) = replies(1, seed=number)
    history = "\n\n-----Original Message-----\nFrom: Tom <tom@acme.example>\nSubject: Offer\n\nold"
    text = clean_reply(body_text=f"{typed}{history}", body_html=None, raw_email=None).text
    assert text == " ".join(typed.split(" "))
    assert cleaned(reply)
