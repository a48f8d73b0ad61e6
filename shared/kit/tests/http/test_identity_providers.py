"""The recipes of docs/guides/tokens.md, fed with tokens of the shape that each provider issues."""

import re
import shlex
import time
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm
from pydantic import TypeAdapter
from service_kit.identity import Role
from service_kit.settings import ServiceSettings
from service_kit.tokens import Claims, TokenRejectedError, Tokens

GUIDE = Path(__file__).parents[4] / "docs" / "guides" / "tokens.md"
RECIPES = dict(re.findall(r"```sh (\w+)\n(.*?)```", GUIDE.read_text(), re.DOTALL))
KEY = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
NOW = int(time.time())

KEYCLOAK = {
    "jti": "onrtro:5d1c8c0e",
    "iss": "https://id.example.com/realms/acme",
    "aud": ["dramatis", "account"],
    "sub": "3c1f7c0a-8d0e-4c5b-9a51-0d3d6f1b2a77",
    "typ": "Bearer",
    "azp": "crm",
    "acr": "1",
    "realm_access": {"roles": ["offline_access", "dramatis-viewer", "dramatis-editor"]},
    "resource_access": {"account": {"roles": ["manage-account"]}},
    "scope": "openid email",
    "workspace_id": "acme",
    "preferred_username": "ann",
}
AUTH0 = {
    "https://dramatis.example.com/workspace": "acme",
    "https://dramatis.example.com/roles": ["Sales"],
    "iss": "https://acme.eu.auth0.com/",
    "sub": "auth0|6564f1c2a7b3d8e9f0a1b2c3",
    "aud": ["https://dramatis.example.com", "https://acme.eu.auth0.com/userinfo"],
    "azp": "my-client",
    "scope": "openid profile",
    "permissions": [],
}
ENTRA = {
    "aud": "0a1b2c3d-4e5f-4a6b-8c7d-9e8f7a6b5c4d",
    "iss": "https://login.microsoftonline.com/8f6e2d1c-5b4a-4938-8271-605f4e3d2c1b/v2.0",
    "azp": "0a1b2c3d-4e5f-4a6b-8c7d-9e8f7a6b5c4d",
    "name": "Ann",
    "oid": "b7f3a1d2-0c4e-4f5a-9b8c-7d6e5f4a3b2c",
    "roles": ["Dramatis.Read", "Dramatis.Edit"],
    "scp": "access_as_user",
    "sub": "aAbBcCdDeEfFgGhH0011223344",
    "tid": "8f6e2d1c-5b4a-4938-8271-605f4e3d2c1b",
    "ver": "2.0",
}
PROVIDERS = {
    "keycloak": (KEYCLOAK, "acme"),
    "auth0": (AUTH0, "acme"),
    "entra": (ENTRA, ENTRA["tid"]),
}
ROLES_AT = {
    "keycloak": ("realm_access", {"roles": ["offline_access"]}),
    "auth0": ("https://dramatis.example.com/roles", []),
    "entra": ("roles", ["Other.App"]),
}


class PublishedKeys:
    """The provider's JWKS; Entra ID's keys name no algorithm."""

    async def get(self, key_id):
        members = RSAAlgorithm.to_jwk(KEY.public_key(), as_dict=True)
        return jwt.PyJWK({**members, "kid": key_id, "use": "sig"})


def variables(recipe):
    """Return what a block exports."""
    words = shlex.split(recipe)
    return dict(word.split("=", 1) for word in words if word != "export")


@pytest.fixture(params=PROVIDERS)
def provider(request):
    return request.param


@pytest.fixture
def tokens(provider, monkeypatch):
    for name, value in variables(RECIPES[provider]).items():
        monkeypatch.setenv(name, value)
    settings = ServiceSettings(
        http_port=1, nats_url="nats://127.0.0.1:1", database_url="postgresql://x@127.0.0.1:1/x"
    )
    assert TypeAdapter(dict[str, Role]).validate_python(settings.jwt_roles)
    return Tokens(
        PublishedKeys(),
        issuer=settings.jwt_issuer,
        audience=settings.jwt_audience,
        claims=Claims(
            workspace=settings.jwt_workspace_claim,
            role=settings.jwt_role_claim,
            roles=settings.jwt_roles,
        ),
    )


def signed(claims):
    times = {"iat": NOW, "nbf": NOW, "exp": NOW + 300}
    return jwt.encode({**claims, **times}, KEY, "RS256", headers={"kid": "k1"})


async def test_a_token_of_the_provider_names_workspace_and_the_highest_role(provider, tokens):
    claims, workspace_id = PROVIDERS[provider]
    principal = await tokens.verify(signed(claims))
    assert (principal.workspace_id, principal.role) == (workspace_id, Role.EDITOR)
    assert principal.subject == claims["sub"]


async def test_who_has_none_of_the_roles_is_refused_by_the_claims_name(provider, tokens):
    claims, _ = PROVIDERS[provider]
    name, value = ROLES_AT[provider]
    with pytest.raises(TokenRejectedError, match="must be one of"):
        await tokens.verify(signed({**claims, name: value}))


async def test_a_claim_of_our_own_name_gives_no_role_where_another_is_set(provider, tokens):
    claims, _ = PROVIDERS[provider]
    name, _ = ROLES_AT[provider]
    without = {key: value for key, value in claims.items() if key != name}
    with pytest.raises(TokenRejectedError):
        await tokens.verify(signed({**without, "role": "admin"}))
