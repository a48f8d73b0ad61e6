"""Templates of prompts: those that ship with the service, and the workspace's own."""

import json
from datetime import datetime
from functools import cache
from importlib.resources import files

from service_kit.store import Session
from sqlalchemy import func, select

from persona_svc.adapters.tables import PromptTemplateRow
from persona_svc.domain.prompt import Layer
from persona_svc.domain.prompt_template import (
    ALIASES,
    MAX_TEMPLATES,
    PromptTemplate,
    TemplateInvalidError,
    TemplateNotFoundError,
    TemplateUnknownError,
)


@cache
def shipped() -> dict[str, PromptTemplate]:
    """Return the templates of the product by id, in the order of their ids."""
    folder = files("persona_svc") / "prompt_templates"
    found: dict[str, PromptTemplate] = {}
    for item in sorted(folder.iterdir(), key=lambda item: item.name):
        told = json.loads((item / "metadata.json").read_text(encoding="utf-8"))
        found[told["id"]] = PromptTemplate(
            template_id=told["id"],
            version=told["version"],
            title=told["title"],
            description=told["description"],
            languages=tuple(told["languages"]),
            texts={layer: (item / f"{layer}.txt").read_text(encoding="utf-8") for layer in Layer},
            is_shipped=True,
        )
    return found


async def every(session: Session, workspace_id: str) -> dict[str, PromptTemplate]:
    """Return the newest version of each template that the workspace can use, by id."""
    rows = await session.scalars(
        select(PromptTemplateRow)
        .distinct(PromptTemplateRow.template_id)
        .where(PromptTemplateRow.workspace_id == workspace_id)
        .order_by(PromptTemplateRow.template_id, PromptTemplateRow.version.desc())
    )
    return shipped() | {row.template_id: _template(row) for row in rows}


async def get(session: Session, workspace_id: str, template_id: str) -> PromptTemplate:
    """Return the newest version of a template.

    Raises:
        TemplateNotFoundError: there is none with that id.
    """
    found = (await every(session, workspace_id)).get(ALIASES.get(template_id, template_id))
    if found is None:
        raise TemplateNotFoundError(f"no prompt template {template_id}")
    return found


async def choose(session: Session, workspace_id: str, template_id: str) -> PromptTemplate:
    """Return the newest version of a template that a request names in its body.

    Raises:
        TemplateUnknownError: there is none with that id; the text lists those there are.
    """
    known = await every(session, workspace_id)
    found = known.get(ALIASES.get(template_id, template_id))
    if found is None:
        raise TemplateUnknownError.named(template_id, known)
    return found


async def add(
    session: Session, workspace_id: str, template: PromptTemplate, *, by: str, at: datetime
) -> None:
    """Store a version of a template of the locked workspace.

    Raises:
        TemplateInvalidError: the workspace has made as many as it may.
    """
    mine = PromptTemplateRow.workspace_id == workspace_id
    count = await session.scalar(
        select(func.count(PromptTemplateRow.template_id.distinct())).where(mine)
    )
    if template.version == 1 and (count or 0) >= MAX_TEMPLATES:
        raise TemplateInvalidError(f"there are {MAX_TEMPLATES} templates: change one of them")
    session.add(
        PromptTemplateRow(
            workspace_id=workspace_id,
            template_id=template.template_id,
            version=template.version,
            title=template.title,
            description=template.description,
            languages=list(template.languages),
            **{layer.value: text for layer, text in template.texts.items()},
            created_by=by,
            created_at=at,
        )
    )
    await session.flush()


def _template(row: PromptTemplateRow) -> PromptTemplate:
    return PromptTemplate(
        template_id=row.template_id,
        version=row.version,
        title=row.title,
        description=row.description,
        languages=tuple(row.languages),
        texts={Layer.SYSTEM: row.system, Layer.RAG: row.rag, Layer.USER: row.user},
        is_shipped=False,
    )
