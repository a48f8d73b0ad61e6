"""A draft by a real model: see draft-svc's settings for `openai`."""

import os

import pytest
from briefs import brief
from draft_svc.adapters.writers import choose_writer
from draft_svc.domain.strategy import parse_strategy
from draft_svc.settings import DraftSettings

NEEDED = ("OPENAI_API_KEY", "DRAMATIS_DRAFT_MODEL")


@pytest.mark.needs_key
@pytest.mark.skipif(
    not all(os.environ.get(name) for name in NEEDED),
    reason="needs_key: set OPENAI_API_KEY and DRAMATIS_DRAFT_MODEL to ask a real model",
)
async def test_a_real_model_plans_and_writes_without_signing():
    settings = DraftSettings(
        writer="openai",
        database_url="postgresql://unused",
        nats_url="nats://unused",
        jwks_url="file://unused",
    )
    writer = choose_writer(settings)
    text, planned = await writer.plan(brief())
    written = await writer.write(brief(), parse_strategy(text))
    await writer.close()
    assert written.body.strip()
    assert "Anna Lee" not in written.body
    assert planned.output_tokens > 0
    assert written.usage.output_tokens > 0
