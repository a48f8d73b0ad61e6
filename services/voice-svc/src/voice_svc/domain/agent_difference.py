"""In what an agent differs from what it should be."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from hashlib import sha256
from math import isclose
from typing import Any

from voice_svc.domain.agent_spec import AgentSpec


def hash_of(spec: AgentSpec) -> str:
    """Return a hash of everything that an agent is."""
    return sha256(json.dumps(asdict(spec), sort_keys=True).encode()).hexdigest()


def find_differences(desired: AgentSpec, observed: AgentSpec) -> tuple[str, ...]:
    """Return the fields that are not as desired, such as `voice.speed`."""
    theirs = _flat(asdict(observed))
    return tuple(
        name for name, value in _flat(asdict(desired)).items() if not _same(value, theirs.get(name))
    )


def values_of(spec: AgentSpec) -> dict[str, Any]:
    """Return every field with its value, as `find_differences` names them."""
    return _flat(asdict(spec))


def _flat(values: Mapping[str, Any]) -> dict[str, Any]:
    voice = values["voice"]
    return {
        **{name: value for name, value in values.items() if name != "voice"},
        **{f"voice.{name}": value for name, value in voice.items()},
    }


def _same(desired: object, observed: object) -> bool:
    """Return whether they are equal; of numbers as far as a float of the vendor's can tell."""
    if isinstance(desired, float) and isinstance(observed, int | float):
        return isclose(desired, observed, rel_tol=1e-6)
    return desired == observed
