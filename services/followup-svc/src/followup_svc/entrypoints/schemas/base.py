"""What every body of a request has in common."""

from pydantic import BaseModel, ConfigDict


class Request(BaseModel):
    """A body of a request: what it does not know is an error."""

    model_config = ConfigDict(extra="forbid")
