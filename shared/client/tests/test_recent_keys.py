"""What is remembered for some seconds."""

from persona_client.recent_keys import RecentKeys


def test_a_key_is_forgotten_after_its_time():
    long, short = RecentKeys(seconds=1_000), RecentKeys(seconds=0)
    long.add("a")
    short.add("a")
    assert (long.has("a"), long.has("b"), short.has("a")) == (True, False, False)


def test_memory_is_bounded_and_the_oldest_makes_room():
    keys = RecentKeys(seconds=1_000, limit=3)
    for key in ("a", "b", "c", "a", "d"):
        keys.add(key)
    assert len(keys) == 3
    assert [key for key in "abcd" if keys.has(key)] == ["a", "c", "d"]
