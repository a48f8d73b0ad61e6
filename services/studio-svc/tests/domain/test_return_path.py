"""After signing in people go on here, wherever a link would like to lead them."""

import pytest
from studio_svc.domain.return_path import return_path

HOSTILE = [
    None,
    "",
    "https://evil.example",
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "\\\\evil.example",
    "javascript:alert(1)",
    "evil.example",
    "/a\r\nSet-Cookie: a=b",
    "/é",
    "/" + "a" * 2_000,
    " /personas",
]


@pytest.mark.parametrize("asked", HOSTILE)
def test_nothing_leads_to_another_origin(asked):
    assert return_path(asked) == "/"


@pytest.mark.parametrize("asked", ["/", "/personas", "/personas/018f?tab=voice&a=%2F", "/chat/1"])
def test_a_path_of_ours_is_kept(asked):
    assert return_path(asked) == asked
