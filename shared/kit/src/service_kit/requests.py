"""What the bodies of requests have in common, in every service."""

from typing import Any, cast

from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

MAX_UNKNOWN = 100
"""More unknown fields than this are one error: to tell each of 100,000 would cost a second."""


class StrictRequest(BaseModel):
    """The body of a request: a field that it does not know is an error (422).

    Its schema gives no null as a default: clients that are made from it would send the null.
    """

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

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler, /
    ) -> JsonSchemaValue:
        """Return the schema of the body."""
        schema = handler(core_schema)
        for field in _fields(schema, handler):
            if field.get("default", ...) is None:
                del field["default"]
        return schema


class PartialRequest(StrictRequest):
    """The body of a change: what is not named stays, so its schema gives no default at all."""

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler, /
    ) -> JsonSchemaValue:
        """Return the schema of the body."""
        schema = super().__get_pydantic_json_schema__(core_schema, handler)
        for field in _fields(schema, handler):
            field.pop("default", None)
        return schema


def _fields(schema: JsonSchemaValue, handler: GetJsonSchemaHandler) -> list[dict[str, Any]]:
    return list(handler.resolve_ref_schema(schema).get("properties", {}).values())
