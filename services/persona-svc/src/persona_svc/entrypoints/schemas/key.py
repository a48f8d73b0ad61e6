"""Bodies and answers of API keys."""

from datetime import datetime, timedelta
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints
from service_kit.identity import Role
from service_kit.requests import StrictRequest

from persona_svc.domain.api_key import DEFAULT_DAYS, MAX_DAYS, ApiKey
from persona_svc.usecases.create_key import KeyGrant

KeyName = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=80, pattern=r"^[^\x00]+$"),
]


class CreateKeyRequest(StrictRequest):
    """What a key is for."""

    name: KeyName = Field(description="Who or what will use it.")
    role: Role
    persona_ids: Annotated[list[UUID], Field(min_length=1, max_length=100)] | None = Field(
        default=None, description="To which personas it is limited: the others are not there."
    )
    expires_in_days: int = Field(default=DEFAULT_DAYS, ge=1, le=MAX_DAYS)

    def grant(self) -> KeyGrant:
        """Return what the key is to open."""
        chosen = self.persona_ids
        return KeyGrant(
            name=self.name,
            role=self.role.value,
            persona_ids=None if chosen is None else tuple(dict.fromkeys(chosen)),
            lifetime=timedelta(days=self.expires_in_days),
        )


class KeyDocument(BaseModel):
    """An API key, by its beginning; the whole is shown only when it is made."""

    key_id: UUID
    name: str
    role: Role
    persona_ids: list[UUID] | None
    shown: str
    created_by: str
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None = Field(description="As services told it: up to 10 s late.")

    @classmethod
    def of(cls, key: ApiKey) -> Self:
        """Return the document of a key."""
        return cls.model_validate(key, from_attributes=True)


class CreatedKeyDocument(BaseModel):
    """A new API key, and its secret: nobody can show that again."""

    api_key: str
    key: KeyDocument
