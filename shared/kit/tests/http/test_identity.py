import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm
from service_kit.identity import Principal, Role
from service_kit.tokens import KeysUnavailableError, SigningKeys, TokenRejectedError, Tokens

RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC = ec.generate_private_key(ec.SECP256R1())
ED = ed25519.Ed25519PrivateKey.generate()
PUBLIC = {
    "rsa": RSAAlgorithm.to_jwk(RSA.public_key(), as_dict=True),
    "ec": ECAlgorithm.to_jwk(EC.public_key(), as_dict=True),
    "ed": OKPAlgorithm.to_jwk(ED.public_key(), as_dict=True),
}
SHARED_SECRET = base64.urlsafe_b64encode(b"s" * 32).rstrip(b"=").decode()


def jwks(*names: str) -> str:
    return json.dumps({"keys": [{**PUBLIC[name], "kid": name} for name in names]})


def claims(**changes: object) -> dict[str, object]:
    given = {
        "iss": "dramatis",
        "aud": "dramatis",
        "sub": "ann",
        "workspace_id": "acme",
        "role": "editor",
        "exp": time.time() + 60,
        **changes,
    }
    return {name: value for name, value in given.items() if value is not None}


def sign(key: object = ED, algorithm: str = "EdDSA", kid: str = "ed", **changes: object) -> str:
    return jwt.encode(claims(**changes), key, algorithm, headers={"kid": kid})


class Published:
    """The key set of an identity provider, in a file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.url = path.as_uri()
        self.write(jwks("rsa", "ec", "ed"))

    def write(self, text: str) -> None:
        self.path.write_text(text)

    def read(self) -> bytes:
        return self.path.read_bytes()

    def remove(self) -> None:
        self.path.unlink()


@pytest.fixture
def published(tmp_path: Path) -> Published:
    return Published(tmp_path / "jwks.json")


@pytest.fixture
def verifier(published: Published) -> Tokens:
    return Tokens(SigningKeys(published.url), issuer="dramatis", audience="dramatis")


@pytest.mark.parametrize(
    ("key", "algorithm", "kid"), [(RSA, "RS256", "rsa"), (EC, "ES256", "ec"), (ED, "EdDSA", "ed")]
)
async def test_token_of_each_allowed_algorithm_names_the_principal(
    verifier: Tokens, key: object, algorithm: str, kid: str
) -> None:
    principal = await verifier.verify(sign(key, algorithm, kid))
    assert principal == Principal(workspace_id="acme", subject="ann", role=Role.EDITOR)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"exp": 0}, "expired"),
        ({"nbf": 4_102_444_800}, "not valid yet"),  # in 2100
        ({"exp": None}, "lacks"),
        ({"sub": None}, "lacks"),
        ({"iss": "another"}, "issuer"),
        ({"aud": "another"}, "audience"),
        ({"aud": None}, "lacks"),
        ({"workspace_id": None}, "workspace_id"),
        ({"workspace_id": "a.b"}, "workspace_id"),
        ({"workspace_id": "acme\n"}, "workspace_id"),
        ({"workspace_id": ["acme"]}, "workspace_id"),
        ({"role": "owner"}, "role"),
        ({"role": None}, "role"),
        ({"role": ["admin"]}, "role"),
        ({"sub": ""}, "sub"),
        ({"sub": "a\0b"}, "sub"),
    ],
)
async def test_token_with_a_wrong_claim_is_rejected_by_name(
    verifier: Tokens, changes: dict[str, object], reason: str
) -> None:
    with pytest.raises(TokenRejectedError, match=reason):
        await verifier.verify(sign(**changes))


async def test_clocks_may_differ_by_300_seconds(verifier: Tokens) -> None:
    await verifier.verify(sign(exp=time.time() - 290, nbf=time.time() + 290))


@pytest.mark.parametrize(
    "token",
    [
        "",
        "x",
        "a.b.c",
        jwt.encode(claims(), None, "none", headers={"kid": "ed"}),
        jwt.encode(claims(), "s" * 32, "HS256", headers={"kid": "ed"}),
        sign(RSA, "RS512", "rsa"),
        sign(RSA, "RS256", "ed"),
        sign(ed25519.Ed25519PrivateKey.generate()),
        sign(kid="never-published"),
        jwt.encode(claims(), ED, "EdDSA"),
    ],
    ids=["empty", "word", "dots", "none", "hs256", "rs512", "kid", "forged", "unknown", "no-kid"],
)
async def test_token_that_is_not_signed_by_a_published_key_is_rejected(
    verifier: Tokens, token: str
) -> None:
    with pytest.raises(TokenRejectedError):
        await verifier.verify(token)


async def test_published_shared_secret_signs_nothing(
    published: Published, verifier: Tokens
) -> None:
    secret = {"kty": "oct", "alg": "HS256", "kid": "oct", "k": SHARED_SECRET}
    published.write(json.dumps({"keys": [secret]}))
    with pytest.raises(TokenRejectedError):
        await verifier.verify(jwt.encode(claims(), b"s" * 32, "HS256", headers={"kid": "oct"}))


async def test_rotated_key_is_fetched_when_a_token_names_it(published: Published) -> None:
    published.write(jwks("rsa"))
    keys = SigningKeys(published.url, refresh_seconds=0)
    verifier = Tokens(keys, issuer="dramatis", audience="dramatis")
    with pytest.raises(TokenRejectedError):
        await verifier.verify(sign())
    published.write(jwks("ed"))
    assert (await verifier.verify(sign())).subject == "ann"


async def test_keys_that_cannot_be_fetched_again_are_good_for_a_day(published: Published) -> None:
    now = 1_000_000.0
    keys = SigningKeys(published.url, monotonic=lambda: now)
    verifier = Tokens(keys, issuer="dramatis", audience="dramatis")
    await verifier.verify(sign())
    kept = published.read()
    published.remove()
    now += 24 * 3_600 - 1
    assert (await verifier.verify(sign())).subject == "ann"
    now += 2
    with pytest.raises(KeysUnavailableError):
        await verifier.verify(sign())
    published.write(kept.decode())
    now += 60
    assert (await verifier.verify(sign())).subject == "ann"


async def test_unknown_keys_do_not_make_it_ask_again_and_again(published: Published) -> None:
    published.write(jwks("rsa"))
    keys = SigningKeys(published.url, refresh_seconds=60)
    assert await keys.get("rsa")
    published.write(jwks("ed"))
    assert await keys.get("ed") is None


async def test_missing_keys_are_unavailable_and_never_a_401(tmp_path: Path) -> None:
    keys = SigningKeys(f"file://{tmp_path}/none.json")
    for _ in range(2):
        with pytest.raises(KeysUnavailableError):
            await Tokens(keys, issuer="dramatis", audience="dramatis").verify(sign())


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"keys": "x"}', '{"keys": [1]}', "not json"])
async def test_unreadable_keys_are_unavailable(published: Published, text: str) -> None:
    published.write(text)
    with pytest.raises(KeysUnavailableError):
        await SigningKeys(published.url).get("ed")


async def test_known_keys_go_on_working_while_the_provider_is_away(published: Published) -> None:
    keys = SigningKeys(published.url, refresh_seconds=0)
    verifier = Tokens(keys, issuer="dramatis", audience="dramatis")
    await verifier.verify(sign())
    published.remove()
    with pytest.raises(KeysUnavailableError):
        await verifier.verify(sign(kid="unknown"))
    assert (await verifier.verify(sign())).subject == "ann"


@pytest.fixture
async def provider(published: Published) -> AsyncIterator[str]:
    """A real HTTP server that publishes the keys."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = published.read()
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode() + body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/jwks"


async def test_keys_are_fetched_over_http(provider: str) -> None:
    verifier = Tokens(SigningKeys(provider), issuer="dramatis", audience="dramatis")
    assert (await verifier.verify(sign())).role is Role.EDITOR


async def test_unreachable_provider_is_unavailable() -> None:
    with pytest.raises(KeysUnavailableError):
        await SigningKeys("http://127.0.0.1:1/jwks").get("ed")


@pytest.mark.parametrize("url", ["http://idp.example/jwks", "ftp://idp.example/jwks", "jwks.json"])
def test_keys_from_an_unsafe_place_are_refused_at_start(url: str) -> None:
    with pytest.raises(ValueError, match="https://"):
        SigningKeys(url)


async def test_request_without_a_token_is_401_with_a_challenge(client: httpx.AsyncClient) -> None:
    response = await client.get("/api/plain/fail", headers={"Authorization": ""})
    assert response.status_code == 401
    assert response.json()["type"] == "urn:dramatis:problem:unauthenticated"
    assert response.headers["www-authenticate"] == 'Bearer realm="dramatis"'


@pytest.mark.parametrize("header", ["Bearer", "Bearer x.y.z", "Basic YTpi", "Bearer  "])
async def test_request_with_a_bad_token_is_401(client: httpx.AsyncClient, header: str) -> None:
    response = await client.get("/api/plain/fail", headers={"Authorization": header})
    assert response.status_code == 401
    assert response.headers["www-authenticate"].endswith('error="invalid_token"')
    assert "x.y.z" not in response.text


async def test_role_below_the_route_is_403(
    client: httpx.AsyncClient, token: Callable[..., str]
) -> None:
    for role in (Role.VIEWER, Role.EDITOR):
        headers = {"Authorization": f"Bearer {token(role)}"}
        response = await client.post("/api/notes", json={"name": "n"}, headers=headers)
        assert response.status_code == 403
        assert response.json()["type"] == "urn:dramatis:problem:role-too-low"
        assert (await client.get("/api/plain/pages", headers=headers)).status_code == 200


def test_each_role_includes_those_below() -> None:
    assert [[role.includes(other) for other in Role] for role in Role] == [
        [True, False, False],
        [True, True, False],
        [True, True, True],
    ]


async def test_keys_away_is_503_for_the_caller(client: httpx.AsyncClient, keys_dir: Path) -> None:
    Published(keys_dir / "jwks.json").remove()
    response = await client.get("/api/plain/pages")
    assert response.status_code == 503
    assert response.json()["type"] == "urn:dramatis:problem:signing-keys-unavailable"


@pytest.fixture
def federated(tmp_path: Path) -> Tokens:
    """Return who trusts two issuers, each with another key."""
    first, second = Published(tmp_path / "first.json"), Published(tmp_path / "second.json")
    first.write(jwks("rsa"))
    second.write(jwks("ed"))
    return Tokens(
        SigningKeys(first.url),
        issuer="first",
        audience="dramatis",
        others={"second": SigningKeys(second.url)},
    )


async def test_tokens_of_several_issuers_are_taken(federated: Tokens) -> None:
    for token in (sign(RSA, "RS256", "rsa", iss="first"), sign(iss="second")):
        assert (await federated.verify(token)).workspace_id == "acme"


@pytest.mark.parametrize(
    "token",
    [
        sign(RSA, "RS256", "rsa", iss="second"),
        sign(iss="first"),
        sign(iss="third"),
        sign(iss=None),
    ],
    ids=["first for second", "second for first", "a third", "none"],
)
async def test_no_issuer_signs_for_another(federated: Tokens, token: str) -> None:
    with pytest.raises(TokenRejectedError):
        await federated.verify(token)
