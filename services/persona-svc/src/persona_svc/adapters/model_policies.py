"""The versions of a workspace's settings of models."""

from service_kit.store import Session
from sqlalchemy import func, select

from persona_svc.adapters.tables import ModelPolicyRow
from persona_svc.domain.model_policy import (
    ModelPolicy,
    ModelPolicyNotFoundError,
    ModelPolicyVersion,
)


async def newest(session: Session, workspace_id: str) -> int:
    """Return the number of the newest version; 0: there is none yet."""
    query = select(func.max(ModelPolicyRow.version))
    return await session.scalar(query.where(ModelPolicyRow.workspace_id == workspace_id)) or 0


async def get(session: Session, workspace_id: str, version: int) -> ModelPolicyVersion:
    """Return one version.

    Raises:
        ModelPolicyNotFoundError: there is none with that number.
    """
    row = await session.get(ModelPolicyRow, (workspace_id, version))
    if row is None:
        raise ModelPolicyNotFoundError(f"the settings of models have no version {version}")
    return _version(row)


async def add(session: Session, workspace_id: str, version: ModelPolicyVersion) -> None:
    """Store a new version."""
    session.add(
        ModelPolicyRow(
            workspace_id=workspace_id,
            version=version.version,
            policy=version.policy.as_dict(),
            changed_by=version.changed_by,
            created_at=version.created_at,
        )
    )
    await session.flush()


async def page(
    session: Session, workspace_id: str, before: int | None, limit: int
) -> list[ModelPolicyVersion]:
    """Return up to `limit` versions, newest first."""
    query = select(ModelPolicyRow).where(ModelPolicyRow.workspace_id == workspace_id)
    if before is not None:
        query = query.where(ModelPolicyRow.version < before)
    rows = await session.scalars(query.order_by(ModelPolicyRow.version.desc()).limit(limit))
    return [_version(row) for row in rows]


def _version(row: ModelPolicyRow) -> ModelPolicyVersion:
    return ModelPolicyVersion(
        version=row.version,
        policy=ModelPolicy.from_dict(row.policy),
        changed_by=row.changed_by,
        created_at=row.created_at,
    )
