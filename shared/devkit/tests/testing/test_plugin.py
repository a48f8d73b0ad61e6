import pytest
from service_devkit.testing import wait_until

pytest_plugins = ["pytester"]


async def test_waiting_ends_with_the_first_true_value():
    values = iter([0, None, 7])

    async def condition():
        return next(values)

    assert await wait_until(condition) == 7


async def test_waiting_in_vain_names_the_condition_and_its_last_value():
    def never():
        return []

    with pytest.raises(TimeoutError, match=r"never did not come true in 0\.05 s; last: \[\]"):
        await wait_until(never, 0.05)


async def test_an_error_in_a_condition_is_not_swallowed():
    with pytest.raises(ZeroDivisionError):
        await wait_until(lambda: 1 / 0)


def test_tests_that_use_a_server_are_marked(pytester):
    pytester.makepyfile(
        """
        import pytest

        @pytest.fixture
        def mine(nats_url): ...

        def test_with(mine): ...
        def test_without(): ...
        """
    )
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function")
    result = pytester.runpytest("--collect-only", "-q", "-m", "not processes", "-p", "no:randomly")
    result.stdout.fnmatch_lines(["*test_without*"])
    result.stdout.no_fnmatch_line("*test_with")


def test_nats_is_one_server_for_a_module(nats, nats_url):
    assert nats.is_running
    assert nats.url == nats_url
