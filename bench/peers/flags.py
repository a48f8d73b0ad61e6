"""What one evaluation costs in OpenFeature and in Unleash, with 10,000 flags each and no network.

Runs in the peers' environment, with `bench/` on PYTHONPATH; prints nanoseconds as JSON.
"""

import platform
import random
import sys
import tempfile
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

from openfeature import api
from openfeature.evaluation_context import EvaluationContext
from openfeature.provider.in_memory_provider import InMemoryFlag, InMemoryProvider
from timing import answer, time_calls
from UnleashClient import UnleashClient
from UnleashClient.cache import FileCache

FLAGS = 10_000


def openfeature(keys: Sequence[str]) -> dict[str, float]:
    """Return the cost of `get_object_value` with the in-memory provider."""
    flags = {
        f"flag-{n}": InMemoryFlag("persona", {"persona": {"name": f"Persona {n}"}})
        for n in range(FLAGS)
    }
    api.set_provider(InMemoryProvider(flags))
    client = api.get_client()
    context = EvaluationContext(targeting_key="acme")
    nobody = {"name": ""}

    def ask(key: str) -> object:
        return client.get_object_value(key, nobody, context)

    if ask("flag-7") != {"name": "Persona 7"}:
        sys.exit("the in-memory provider does not answer")
    return time_calls(ask, keys)


def unleash(keys: Sequence[str]) -> dict[str, float]:
    """Return the cost of `get_variant`, bootstrapped from memory, with no server."""
    with tempfile.TemporaryDirectory() as folder:
        cache = FileCache("bench", directory=folder)
        cache.bootstrap_from_dict({"version": 1, "features": [_feature(n) for n in range(FLAGS)]})
        client = UnleashClient(
            "http://127.0.0.1:1/api",
            "bench",
            cache=cache,
            disable_metrics=True,
            disable_registration=True,
        )
        client.initialize_client(fetch_toggles=False)
        context = {"userId": "acme"}

        def ask(key: str) -> object:
            return client.get_variant(key, context)

        if "Persona 7" not in str(ask("flag-7")):
            sys.exit("Unleash does not answer")
        figures = time_calls(ask, keys)
        client.destroy()
        return figures


def _feature(number: int) -> dict[str, Any]:
    payload = {"type": "string", "value": f"Persona {number}"}
    return {
        "name": f"flag-{number}",
        "type": "release",
        "enabled": True,
        "strategies": [{"name": "default", "parameters": {}}],
        "variants": [
            {"name": "persona", "weight": 1000, "weightType": "variable", "payload": payload}
        ],
    }


if __name__ == "__main__":
    numbers = random.Random(1)  # noqa: S311 — the same questions in every run
    chosen = [f"flag-{n}" for n in numbers.choices(range(FLAGS), k=int(sys.argv[1]))]
    answer(
        {
            "OpenFeature": openfeature(chosen),
            "Unleash": unleash(chosen),
            "python": platform.python_version(),
            "versions": {p: version(p) for p in ("openfeature-sdk", "UnleashClient")},
        }
    )
