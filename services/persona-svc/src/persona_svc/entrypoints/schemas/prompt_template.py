"""Bodies and answers of templates of prompts."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, StringConstraints
from service_kit.requests import StrictRequest

from persona_svc.domain.diff import unified_diff
from persona_svc.domain.persona import PersonaFields
from persona_svc.domain.prompt import Layer
from persona_svc.domain.prompt_template import PromptTemplate
from persona_svc.domain.prompt_version import FIELDS_OF_LAYERS
from persona_svc.entrypoints.schemas.prompt import Content
from persona_svc.usecases.apply_to_many import Application
from persona_svc.usecases.save_template import TemplateDraft

PREVIEW_CHARS = 200


class ApplyTemplateRequest(StrictRequest):
    """The template to take over (also `template_name` or `template_id`)."""

    template_id: Annotated[str, StringConstraints(min_length=1, max_length=80)] = Field(
        validation_alias=AliasChoices("templateName", "template_name", "template_id"),
        examples=["researcher"],
    )


class SaveTemplateRequest(StrictRequest):
    """A text for each layer, and what people see of the template."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "title": "Sales",
                    "system": "You sell bicycles.",
                    "rag": "Quote prices with their page.",
                    "user": "Answer in five sentences.",
                }
            ]
        }
    )

    title: Annotated[str, StringConstraints(min_length=1, max_length=80)]
    description: Annotated[str, StringConstraints(min_length=1, max_length=500)] | None = None
    languages: list[Annotated[str, StringConstraints(pattern="^[A-Za-z0-9-]{2,35}$")]] = Field(
        default_factory=list, max_length=20
    )
    system: Content
    rag: Content
    user: Content

    def draft(self) -> TemplateDraft:
        """Return what the template is to say."""
        texts = {Layer.SYSTEM: self.system, Layer.RAG: self.rag, Layer.USER: self.user}
        return TemplateDraft(
            title=self.title,
            description=self.description,
            languages=tuple(self.languages),
            texts=texts,
        )


class ApplyToManyRequest(StrictRequest):
    """The personas to give a template's prompts; with `dry_run` nothing changes."""

    persona_ids: list[UUID] = Field(min_length=1, max_length=200)
    dry_run: bool = False


class ApplicationDocument(BaseModel):
    """What became of one persona, or would; with an `error` it stays as it is."""

    persona_id: UUID
    error: str | None
    diffs: dict[Layer, str | None] = Field(description="Unified, by layer, where they differ.")

    @classmethod
    def of(cls, done: Application, template: PromptTemplate) -> Self:
        """Return the document of one persona."""
        diffs = {} if done.before is None else _diffs(done.before, template)
        return cls(persona_id=done.persona_id, error=done.error, diffs=diffs)


class ApplicationsDocument(BaseModel):
    """What became of each persona."""

    dry_run: bool
    items: list[ApplicationDocument]


class TemplateSummaryDocument(BaseModel):
    """A template, and how its `system` layer begins."""

    template_id: str
    version: int
    title: str
    description: str | None
    languages: list[str]
    is_shipped: bool
    preview: str

    @classmethod
    def summed(cls, template: PromptTemplate) -> Self:
        """Return the document without the texts."""
        return cls(
            template_id=template.template_id,
            version=template.version,
            title=template.title,
            description=template.description,
            languages=list(template.languages),
            is_shipped=template.is_shipped,
            preview=template.texts[Layer.SYSTEM][:PREVIEW_CHARS],
        )


class TemplateDocument(TemplateSummaryDocument):
    """A template with its texts."""

    prompts: dict[Layer, str]

    @classmethod
    def of(cls, template: PromptTemplate) -> Self:
        """Return the whole document."""
        shown = TemplateSummaryDocument.summed(template)
        return cls(**shown.model_dump(), prompts=dict(template.texts))


class TemplateUpdateDocument(BaseModel):
    """What taking over the newest version of its template would change in a persona."""

    taken: str | None = Field(description="Id and version of the template that was taken over.")
    template_id: str
    version: int
    is_newer: bool
    diffs: dict[Layer, str | None] = Field(description="Unified, by layer, where they differ.")

    @classmethod
    def of(cls, fields: PersonaFields, template: PromptTemplate) -> Self:
        """Return the document of a persona's prompts against a template."""
        return cls(
            taken=fields.prompt_template,
            template_id=template.template_id,
            version=template.version,
            is_newer=fields.prompt_template != template.label,
            diffs=_diffs(fields, template),
        )


def _diffs(fields: PersonaFields, template: PromptTemplate) -> dict[Layer, str | None]:
    own = {layer: getattr(fields, name) for layer, name in FIELDS_OF_LAYERS.items()}
    return {
        layer: unified_diff(own[layer], text)
        for layer, text in template.texts.items()
        if own[layer] != text
    }
