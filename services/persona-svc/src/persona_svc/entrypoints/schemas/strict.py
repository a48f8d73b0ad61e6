"""The base of what the API takes."""

from pydantic import BaseModel, ConfigDict


class StrictRequest(BaseModel):
    """A request: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")
