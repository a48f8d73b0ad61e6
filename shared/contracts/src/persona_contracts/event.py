"""The base of every event: its type, its version, its tenant and its identity."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from persona_contracts.types import SubjectId, UtcTime


class Document(BaseModel):
    """A part of an event or state document: unknown fields are ignored (events.md §1)."""

    # Whoever logs a ValidationError must not log what a lead wrote.
    model_config = ConfigDict(
        extra="ignore",
        frozen=True,
        allow_inf_nan=False,
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
    )


class Event(Document):
    """One event body. `event_type` and `event_version` name its subject and its schema."""

    event_type: ClassVar[str]
    event_version: ClassVar[int] = 1

    workspace_id: SubjectId

    @property
    def entity_id(self) -> str:
        """The id of the thing this event is about (`ce-subject`)."""
        raise NotImplementedError

    @classmethod
    def schema_urn(cls) -> str:
        """`ce-dataschema`, for example `urn:dramatis:persona.updated:v1`."""
        return f"urn:dramatis:{cls.event_type}:v{cls.event_version}"


class OwnEvent(Event):
    """An event that a Dramatis service publishes."""

    occurred_at: UtcTime


class CrmEvent(Event):
    """An event that the CRM sends; it may come without its own id."""

    @property
    def default_event_id(self) -> str:
        """The identity of this event when the sender gave no `ce-id` (events.md §1)."""
        raise NotImplementedError
