"""Remembered answers are given only as long as nothing that they were made from has changed."""

from dataclasses import replace
from uuid import uuid4

import pytest
from voice_svc.domain.answer import NOT_FOUND_ANSWER, AnswerStatus, ToolAnswer
from voice_svc.domain.answer_cache import AnswerCache, Knower

ANSWER = ToolAnswer(status=AnswerStatus.ANSWERED, text="From prices.pdf: 490 EUR.")
OTHER = ToolAnswer(status=AnswerStatus.ANSWERED, text="From prices.pdf: 520 EUR.")


class Clock:
    def __init__(self):
        self.seconds = 0.0

    def __call__(self):
        return self.seconds


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def cache(clock):
    return AnswerCache(1_000_000, clock)


def knower(**values):
    return Knower(**{"workspace_id": "acme", "persona_id": uuid4(), "revision": 1, **values})


def keep(cache, of, question="price", answer=ANSWER, revision=1):
    cache.keep(cache.shelf(of), question, answer, revision)


def find(cache, of, question="price"):
    return cache.find(cache.shelf(of), question)


def test_an_answer_is_found_for_five_minutes(cache, clock):
    nova = knower()
    keep(cache, nova)
    clock.seconds = 299
    assert find(cache, nova) == ANSWER
    clock.seconds = 300
    assert find(cache, nova) is None


def test_that_there_is_no_answer_is_known_for_two_minutes(cache, clock):
    nova = knower()
    keep(cache, nova, answer=NOT_FOUND_ANSWER)
    clock.seconds = 119
    assert find(cache, nova) == NOT_FOUND_ANSWER
    clock.seconds = 120
    assert find(cache, nova) is None


def test_another_persona_never_gets_it(cache):
    nova = knower()
    keep(cache, nova)
    assert find(cache, knower()) is None
    assert find(cache, knower(lineage=(nova.persona_id,))) is None


def test_another_question_never_gets_it(cache):
    nova = knower()
    keep(cache, nova)
    assert find(cache, nova, "warranty") is None


def test_an_edit_of_the_persona_forgets_its_answers_also_when_it_is_taken_back(cache):
    nova = knower()
    keep(cache, nova)
    assert find(cache, replace(nova, revision=2)) is None
    assert find(cache, nova) is None


def test_newer_knowledge_forgets_the_answers_of_older(cache):
    nova = knower()
    keep(cache, nova, "price", ANSWER, 1)
    keep(cache, nova, "warranty", OTHER, 2)
    assert find(cache, nova, "price") is None
    assert find(cache, nova, "warranty") == OTHER


def test_an_answer_from_older_knowledge_that_comes_late_is_not_kept(cache):
    nova = knower()
    keep(cache, nova, "warranty", OTHER, 2)
    keep(cache, nova, "price", ANSWER, 1)
    assert find(cache, nova, "price") is None


def test_dropping_a_persona_drops_its_heirs_and_nobody_else(cache):
    parent, other = knower(), knower()
    child = knower(lineage=(uuid4(), parent.persona_id))
    for each in (parent, child, other):
        keep(cache, each)
    cache.drop("acme", parent.persona_id)
    assert [find(cache, each) for each in (parent, child, other)] == [None, None, ANSWER]


def test_news_of_another_workspace_drop_nothing(cache):
    nova = knower()
    keep(cache, nova)
    cache.drop("other", nova.persona_id)
    assert find(cache, nova) == ANSWER


@pytest.mark.parametrize("change", ["news", "edit", "all"])
def test_what_was_asked_before_a_change_and_answered_after_it_is_never_found(cache, change):
    nova = knower()
    asked = cache.shelf(nova)
    if change == "news":
        cache.drop("acme", nova.persona_id)
    elif change == "all":
        cache.drop_all()
    else:
        cache.shelf(replace(nova, revision=2))
    cache.keep(asked, "price", ANSWER, 1)
    assert find(cache, nova) is None
    assert cache.size_bytes == 0


def test_it_stays_within_its_bytes_and_the_least_used_go_first():
    cache = AnswerCache(5_000)
    nova = knower()
    for number in range(20):
        keep(cache, nova, f"question {number}")
        find(cache, nova, "question 0")
        assert cache.size_bytes <= 5_000
    assert find(cache, nova, "question 0") == ANSWER
    assert find(cache, nova, "question 19") == ANSWER
    assert find(cache, nova, "question 1") is None
    stats = cache.stats("acme")
    assert 1 < stats.entries < 20
    assert stats.size_bytes == cache.size_bytes


def test_an_answer_larger_than_all_memory_is_not_kept():
    cache = AnswerCache(100)
    nova = knower()
    keep(cache, nova)
    assert find(cache, nova) is None


def test_an_answer_put_again_counts_once(cache):
    nova = knower()
    for _ in range(3):
        keep(cache, nova)
    assert cache.stats("acme").entries == 1
    cache.drop_all()
    assert (cache.stats("acme").entries, cache.size_bytes) == (0, 0)


def test_each_workspace_is_counted_alone(cache):
    nova = knower()
    find(cache, nova)
    keep(cache, nova)
    find(cache, nova)
    cache.drop("acme", nova.persona_id)
    stats, other = cache.stats("acme"), cache.stats("other")
    assert (stats.hits, stats.misses, stats.dropped, stats.entries) == (1, 1, 1, 0)
    assert (other.hits, other.misses) == (0, 0)
