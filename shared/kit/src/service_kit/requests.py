"""What the bodies of requests have in common, in every service."""

from pydantic import BaseModel, ConfigDict


class StrictRequest(BaseModel):
    """The body of a request: a field that it does not know is an error (422)."""

    model_config = ConfigDict(extra="forbid")
