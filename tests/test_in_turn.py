"""Whatever lists, searches or exports waits for its workspace's turn."""

from importlib import import_module

import pytest
from every_service import SERVICES
from fastapi.routing import APIRoute
from service_kit.http_app import common_routers
from service_kit.in_turn import is_in_turn

COSTLY = ("list", "search", "export")
CHEAP = {
    "exportPersona": "one persona",
    "listPauseReasons": "words of ours",
    "listPrompts": "of one persona",
    "listStarters": "files of ours",
    "listTokens": "words of ours",
    "listVoices": "the vendor's, remembered",
    "listOrphanAgents": "the vendor's: it may be slow, and no other list waits for it",
}
"""What does not wait, and of what it consists."""


def routes(package):
    api = import_module(f"{package}.entrypoints.http").API
    for router in (*api.routers, *common_routers(package.replace("_", "-"))):
        yield from (route for route in router.routes if isinstance(route, APIRoute))


@pytest.mark.parametrize("package", SERVICES)
def test_lists_searches_and_exports_wait_for_their_turn(package):
    costly = {
        route.operation_id: is_in_turn(route.dependant)
        for route in routes(package)
        if (route.operation_id or "").startswith(COSTLY)
    }
    assert len(costly) >= 4
    assert {name for name, waits in costly.items() if not waits} <= set(CHEAP)
