"""How a language model fails to answer, and a persona's prompts to be told."""

from service_kit.errors import InvalidError, UpstreamError


class ModelRefusedError(InvalidError):
    """The language model refused the request."""

    slug = "model-refused"


class NothingWrittenError(UpstreamError):
    """The model's answer says nothing."""

    slug = "model-answer-empty"
