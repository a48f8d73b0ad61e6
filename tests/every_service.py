"""All services, for the tests that walk them."""

from collections.abc import Iterator
from importlib import import_module

from dramatis.services import SERVICES as SPECS
from fastapi.routing import APIRoute
from service_kit.http_app import common_routers

SERVICES = tuple(spec.package for spec in SPECS)


def routes(package: str) -> Iterator[APIRoute]:
    """Yield the routes of a service's API, those that every service has included."""
    api = import_module(f"{package}.entrypoints.http").API
    for router in (*api.routers, *common_routers(package.replace("_", "-"))):
        yield from (route for route in router.routes if isinstance(route, APIRoute))
