"""All services, for the tests that walk them."""

from collections.abc import Iterable, Iterator
from importlib import import_module

import pytest
from _pytest.mark import ParameterSet
from dramatis.services import SERVICES as SPECS
from fastapi.routing import APIRoute
from service_kit.http_app import common_routers

SERVICES = tuple(spec.package for spec in SPECS)


def first_alone(values: Iterable[str]) -> list[ParameterSet]:
    """Return parameters of which CI tries the first: what the kit or a tool does, each shows."""
    return [
        pytest.param(value, marks=pytest.mark.slow if number else ())
        for number, value in enumerate(values)
    ]


def routes(package: str) -> Iterator[APIRoute]:
    """Yield the routes of a service's API, those that every service has included."""
    api = import_module(f"{package}.entrypoints.http").API
    for router in (*api.routers, *common_routers(package.replace("_", "-"))):
        yield from (route for route in router.routes if isinstance(route, APIRoute))
