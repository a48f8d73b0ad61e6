"""What the bodies of requests have in common, in every service."""

from typing import cast

from pydantic import BaseModel, ConfigDict, model_validator

MAX_UNKNOWN = 100
"""More unknown fields than this are one error: to tell each of 100,000 would cost a second."""


class StrictRequest(BaseModel):
    """The body of a request: a field that it does not know is an error (422)."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _knows_most_fields(cls, values: object) -> object:
        if isinstance(values, dict):
            fields = cast("dict[str, object]", values)
            unknown = len(fields) - len(cls.model_fields)
            if unknown > MAX_UNKNOWN:
                raise ValueError(f"at least {unknown:,} of its fields are not known: remove them")
        return cast("object", values)
