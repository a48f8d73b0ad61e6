"""A person's claims give a role in a workspace, or nothing."""

import pytest
from service_kit.identity import Role
from studio_svc.domain.admission import Admission, SignInRefusedError

ROLES = {"readers": Role.VIEWER, "admins": Role.ADMIN}


def admission(**more):
    rules = {
        "role_claim": "groups",
        "roles": ROLES,
        "workspace_claim": "workspace_id",
        "workspace_id": None,
    }
    return Admission(**{**rules, **more})


@pytest.mark.parametrize(
    ("claim", "claims", "role"),
    [
        ("groups", {"groups": ["readers"]}, Role.VIEWER),
        ("groups", {"groups": ["readers", "admins", "x"]}, Role.ADMIN),
        ("groups", {"groups": "readers"}, Role.VIEWER),
        ("realm_access.roles", {"realm_access": {"roles": ["admins"]}}, Role.ADMIN),
        ("https://a.example/roles", {"https://a.example/roles": ["admins"]}, Role.ADMIN),
    ],
)
def test_the_highest_role_of_the_claim_counts(claim, claims, role):
    person = admission(role_claim=claim).admit({"sub": "ann", "workspace_id": "acme", **claims})
    assert (person.role, person.workspace_id, person.subject) == (role, "acme", "ann")


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"groups": []},
        {"groups": ["owners"]},
        {"groups": {"readers": True}},
        {"groups": [["readers"]]},
        {"groups": None},
    ],
)
def test_without_a_role_nobody_comes_in(claims):
    with pytest.raises(SignInRefusedError):
        admission().admit({"sub": "ann", "workspace_id": "acme", **claims})


@pytest.mark.parametrize("workspace_id", [None, 7, "a.b", "a" * 65, ""])
def test_without_a_workspace_nobody_comes_in(workspace_id):
    with pytest.raises(SignInRefusedError):
        admission().admit({"sub": "ann", "groups": "readers", "workspace_id": workspace_id})


def test_the_workspace_of_the_settings_is_everybodys():
    person = admission(workspace_id="ours").admit(
        {"sub": "ann", "groups": "readers", "workspace_id": "theirs"}
    )
    assert person.workspace_id == "ours"
