"""Store a version of a workspace's own template of prompts."""

from collections.abc import Mapping
from dataclasses import dataclass

from persona_svc.adapters import prompt_templates
from persona_svc.domain.prompt import Layer
from persona_svc.domain.prompt_template import (
    ALIASES,
    PromptTemplate,
    TemplateShippedError,
    require_usable,
)
from persona_svc.domain.prompt_version import require_storable
from persona_svc.usecases.begin_change import Change


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateDraft:
    """What a template is to say."""

    title: str
    description: str | None
    languages: tuple[str, ...]
    texts: Mapping[Layer, str]


async def save_template(change: Change, template_id: str, draft: TemplateDraft) -> PromptTemplate:
    """Return the new version; personas that took over an older one keep it.

    Raises:
        TemplateShippedError: the id is one of the product's.
        TemplateInvalidError: a text is no prompt of its layer, or there are too many templates.
    """
    if template_id in prompt_templates.shipped() or template_id in ALIASES:
        raise TemplateShippedError(f"{template_id} ships with the product: choose another id")
    require_usable(draft.texts)
    require_storable("title", draft.title)
    if draft.description is not None:
        require_storable("description", draft.description)
    known = await prompt_templates.every(change.session, change.workspace_id)
    before = known.get(template_id)
    template = PromptTemplate(
        template_id=template_id,
        version=before.version + 1 if before else 1,
        title=draft.title,
        description=draft.description,
        languages=draft.languages,
        texts=draft.texts,
        is_shipped=False,
    )
    owner = (change.session, change.workspace_id)
    await prompt_templates.add(*owner, template, by=change.actor.subject, at=change.at)
    return template
