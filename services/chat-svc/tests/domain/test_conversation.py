"""What a conversation is called."""

import pytest
from chat_svc.domain.conversation import AUTO_TITLE_CHARS, title_of


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("What does it cost?", "What does it cost?"),
        ("  Two\n\nlines ", "Two lines"),
        ("word " * 40, "word " * 10 + "word…"),
        ("x" * 100, "x" * 59 + "…"),
        ("", ""),
    ],
)
def test_a_title_is_the_first_words_on_one_line(text, title):
    assert title_of(text) == title
    assert len(title_of(text)) <= AUTO_TITLE_CHARS
