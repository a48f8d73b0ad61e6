"""Tests of prompts: rows become aggregates here and never leave."""

from typing import cast
from uuid import UUID

from persona_model.usage import TokenUsage
from service_kit.store import Session
from sqlalchemy import select

from chat_svc.adapters.tables import PromptTestRow
from chat_svc.domain.prompt_test import PromptTest, Side


async def add(session: Session, test: PromptTest) -> None:
    """Store what one side of a test took."""
    session.add(
        PromptTestRow(
            test_id=test.test_id,
            workspace_id=test.workspace_id,
            persona_id=test.persona_id,
            version=test.version,
            side=test.side,
            model=test.model,
            input_tokens=test.usage.input_tokens,
            output_tokens=test.usage.output_tokens,
            cost_microusd=test.usage.cost_microusd,
            took_ms=test.took_ms,
            created_at=test.created_at,
        )
    )
    await session.flush()


async def page(
    session: Session, persona_id: UUID, before: UUID | None, limit: int
) -> list[PromptTest]:
    """Return up to `limit` sides of tests of a persona's prompts, newest first."""
    query = select(PromptTestRow).where(PromptTestRow.persona_id == persona_id)
    if before is not None:
        query = query.where(PromptTestRow.test_id < before)
    rows = await session.scalars(query.order_by(PromptTestRow.test_id.desc()).limit(limit))
    return [_test(row) for row in rows]


def _test(row: PromptTestRow) -> PromptTest:
    return PromptTest(
        test_id=row.test_id,
        workspace_id=row.workspace_id,
        persona_id=row.persona_id,
        version=row.version,
        side=cast("Side", row.side),  # a check constraint keeps it
        model=row.model,
        usage=TokenUsage(
            input_tokens=row.input_tokens,
            output_tokens=row.output_tokens,
            cost_microusd=row.cost_microusd,
        ),
        took_ms=row.took_ms,
        created_at=row.created_at,
    )
