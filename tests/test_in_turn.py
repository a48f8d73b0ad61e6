"""Whatever lists, searches or exports waits for its workspace's turn."""

import pytest
from every_service import SERVICES, routes
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


@pytest.mark.parametrize("package", SERVICES)
def test_lists_searches_and_exports_wait_for_their_turn(package):
    costly = {
        route.operation_id: is_in_turn(route.dependant)
        for route in routes(package)
        if (route.operation_id or "").startswith(COSTLY)
    }
    assert len(costly) >= 4
    assert {name for name, waits in costly.items() if not waits} <= set(CHEAP)
