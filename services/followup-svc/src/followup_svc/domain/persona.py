"""What can go wrong with personas, which other services own."""

from service_kit.errors import UpstreamError


class PersonasUnknownError(UpstreamError):
    """The personas are not known yet; try again in a moment."""

    slug = "personas-unknown"
