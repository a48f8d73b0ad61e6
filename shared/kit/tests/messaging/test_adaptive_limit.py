"""As much is asked of an upstream as it answers."""

from service_kit.adaptive_limit import START, AdaptiveLimit


def answer_rounds(limit, rounds):
    for _ in range(rounds):
        size = limit.size
        for _ in range(size):
            limit.answered(limit.size)


def test_it_doubles_each_round_up_to_its_ceiling():
    limit = AdaptiveLimit(200)
    sizes = []
    for _ in range(6):
        sizes.append(limit.size)
        answer_rounds(limit, 1)
    assert sizes == [START, 16, 32, 64, 128, 200]


def test_room_that_is_not_used_does_not_let_it_grow():
    limit = AdaptiveLimit(200)
    for _ in range(100):
        limit.answered(START - 1)
    assert limit.size == START


def test_refusals_of_one_round_halve_it_once_then_it_grows_by_one_a_round():
    limit = AdaptiveLimit(64)
    answer_rounds(limit, 3)
    for _ in range(30):
        limit.refused(1.0)
    assert limit.size == 32
    answer_rounds(limit, 3)
    assert 33 <= limit.size <= 35


def test_it_never_falls_below_one():
    limit = AdaptiveLimit(4)
    for _ in range(20):
        limit.refused(float("inf"))
    assert limit.size == 1


def test_it_is_closed_for_as_long_as_the_upstream_asks():
    limit = AdaptiveLimit(8)
    limit.refused(1.0, retry_after_seconds=60)
    assert limit.size == 0
    assert 59 < limit.closed_seconds <= 60
