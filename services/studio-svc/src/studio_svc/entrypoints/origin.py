"""From where a request comes: what a browser sends by itself is not enough to change anything."""

from typing import Final
from urllib.parse import urlsplit

from service_kit.errors import ForbiddenError, ServiceError
from starlette.datastructures import Headers

from studio_svc.settings import StudioSettings

CLOSE: Final = {"Connection": "close"}
"""For an answer that did not read the request's body."""
SAFE_METHODS: Final = {"GET", "HEAD", "OPTIONS"}


class UnknownHostError(ServiceError):
    """The request is for another host."""

    status = 421
    slug = "unknown-host"


class OtherOriginError(ForbiddenError):
    """The request comes from a page of another origin."""

    slug = "other-origin"


def require_known_host(headers: Headers, settings: StudioSettings) -> None:
    """Return when browsers find this service under the host that is asked for.

    Raises:
        UnknownHostError: they do not; its name may have been made to lead here.
    """
    if headers.get("host") not in settings.hosts:
        raise UnknownHostError(
            "Ask at the address of the studio: DRAMATIS_STUDIO_PUBLIC_URL.", headers=CLOSE
        )


def require_same_origin(headers: Headers, settings: StudioSettings) -> None:
    """Return when a page of this very origin has sent the request.

    Raises:
        OtherOriginError: it has not, or that cannot be known.
    """
    if headers.get("sec-fetch-site") == "same-origin" or has_same_origin(headers, settings):
        return
    raise OtherOriginError("Send this from a page of the studio itself.", headers=CLOSE)


def has_same_origin(headers: Headers, settings: StudioSettings) -> bool:
    """Return whether `Origin` is the one that was asked."""
    host, public = headers.get("host"), settings.public_url
    is_public = public is not None and urlsplit(public).netloc == host
    return headers.get("origin") == (public if is_public else f"http://{host}")
