"""For all tests: the profiles of property tests (`HYPOTHESIS_PROFILE`), and what starts first."""

import os

import pytest
from hypothesis import HealthCheck, settings

EXAMPLES_OF = {"local": 25, "ci": 100, "nightly": 2_000}

for name, max_examples in EXAMPLES_OF.items():
    settings.register_profile(
        name,
        max_examples=max_examples,
        # CI tells of a change alone; new examples are looked for by the other profiles.
        derandomize=name == "ci",
        deadline=None,  # times are rows of the bench: a busy machine fails no test
        suppress_health_check=[HealthCheck.too_slow],
    )
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "local"))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let `long` tests start first, so that no worker is left alone with one at the end."""
    items.sort(
        key=lambda item: (
            item.get_closest_marker("long") is None,
            item.get_closest_marker("processes") is None,
        )
    )
