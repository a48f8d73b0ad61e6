"""What the API takes and gives: templates and their tokens."""

from typing import Annotated, Self
from uuid import UUID

from persona_contracts import Text
from pydantic import BaseModel, Field
from service_kit.requests import StrictRequest

from followup_svc.domain.sequence import MAX_BODY_CHARS
from followup_svc.domain.template import ErrorType, TemplateError
from followup_svc.domain.tokens import Token, TokenSource
from followup_svc.usecases.find_refused import Refused
from followup_svc.usecases.find_warnings import Warned


class TemplateErrorDocument(BaseModel):
    """One thing that is wrong in a template."""

    type: ErrorType
    token: str = Field(examples=["{signature}"])
    source: TokenSource | None = Field(description="Who has the value.")
    hint: str
    position: int = Field(description="Characters of the template before it.")
    setup_issue: bool = Field(
        description="The workspace has to act: its persona, its settings or the template."
    )

    @classmethod
    def of(cls, error: TemplateError) -> Self:
        """Return the document of an error."""
        return cls(
            type=error.type,
            token=error.token,
            source=error.source,
            hint=error.hint,
            position=error.position,
            setup_issue=error.is_setup_issue,
        )


class TemplateWarningDocument(TemplateErrorDocument):
    """A token that has no value today: where it is used, nothing would be sent."""

    field: str = Field(examples=["steps.0.body"])

    @classmethod
    def at(cls, warned: Warned) -> Self:
        """Return the document of a warning."""
        return cls(field=warned.field, **TemplateErrorDocument.of(warned.error).model_dump())


class RefusedTemplateDocument(TemplateErrorDocument):
    """Something in a stored template that nothing fills: its step pauses where it is due."""

    sequence_id: UUID
    name: str = Field(description="Of the sequence.")
    version: int
    field: str = Field(examples=["steps.0.body"])

    @classmethod
    def at(cls, refused: Refused) -> Self:
        """Return the document of what is refused."""
        return cls(
            sequence_id=refused.version.sequence_id,
            name=refused.version.definition.name,
            version=refused.version.version,
            field=refused.field,
            **TemplateErrorDocument.of(refused.error).model_dump(),
        )


class RefusedTemplatesDocument(BaseModel):
    """Everything that is refused of the stored templates."""

    items: list[RefusedTemplateDocument]


class LintTemplateRequest(StrictRequest):
    """A template to check."""

    template: Annotated[Text, Field(max_length=MAX_BODY_CHARS)] = Field(
        examples=["Hi {firstName|there}, {bookingLink}"]
    )
    ai_persona_id: UUID | None = None


class LintDocument(BaseModel):
    """What would keep the template from being saved, and what is missing today."""

    ok: bool = Field(description="It can be saved: there are no errors; there may be warnings.")
    template_errors: list[TemplateErrorDocument]
    warnings: list[TemplateErrorDocument]


class TokenDocument(BaseModel):
    """A token that templates may hold."""

    token: str
    source: TokenSource
    description: str
    hint: str = Field(description="What to do when it has no value.")

    @classmethod
    def of(cls, token: Token) -> Self:
        """Return the document of a token."""
        return cls(
            token=f"{{{token.name}}}",
            source=token.source,
            description=token.description,
            hint=token.hint,
        )


class TokensDocument(BaseModel):
    """Every token."""

    items: list[TokenDocument]
