import asyncio
import stat
from pathlib import Path

import pytest
from service_kit.dev_keys import (
    PRIVATE_KEY_FILE,
    EmbeddedProfileOnlyError,
    ensure_dev_keys,
    issue_token,
)
from service_kit.identity import Principal, Role
from service_kit.tokens import SigningKeys, Tokens

ANN = Principal(workspace_id="acme", subject="ann", role=Role.ADMIN)


async def verify(url: str, token: str) -> Principal:
    return await Tokens(SigningKeys(url), issuer="i", audience="a").verify(token)


async def test_issued_token_names_the_principal(tmp_path: Path) -> None:
    token = issue_token(tmp_path, ANN, profile="embedded", issuer="i", audience="a")
    assert await verify(ensure_dev_keys(tmp_path, "embedded"), token) == ANN


def test_private_key_is_for_its_owner_only(tmp_path: Path) -> None:
    ensure_dev_keys(tmp_path / "data", "embedded")
    assert stat.S_IMODE((tmp_path / "data" / PRIVATE_KEY_FILE).stat().st_mode) == 0o600
    assert sorted(path.name for path in (tmp_path / "data").iterdir()) == [
        "jwks.json",
        PRIVATE_KEY_FILE,
    ]


async def test_processes_that_start_together_agree_on_one_key(tmp_path: Path) -> None:
    urls = await asyncio.gather(
        *(asyncio.to_thread(ensure_dev_keys, tmp_path, "embedded") for _ in range(8))
    )
    token = issue_token(tmp_path, ANN, profile="embedded", issuer="i", audience="a")
    for url in urls:
        assert await verify(url, token) == ANN


def test_production_makes_no_keys_and_no_tokens(tmp_path: Path) -> None:
    with pytest.raises(EmbeddedProfileOnlyError):
        ensure_dev_keys(tmp_path, "production")
    with pytest.raises(EmbeddedProfileOnlyError):
        issue_token(tmp_path, ANN, profile="production", issuer="i", audience="a")
    assert list(tmp_path.iterdir()) == []
