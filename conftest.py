"""How many examples property tests try: `HYPOTHESIS_PROFILE` is `local`, `ci` or `nightly`."""

import os

from hypothesis import HealthCheck, settings

EXAMPLES = {"local": 25, "ci": 100, "nightly": 2_000}

for name, max_examples in EXAMPLES.items():
    settings.register_profile(
        name,
        max_examples=max_examples,
        deadline=None,  # times are rows of the bench: a busy machine fails no test
        suppress_health_check=[HealthCheck.too_slow],
    )
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "local"))
