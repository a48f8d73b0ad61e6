"""ETags and `If-Match` (RFC 9110 §8.8, §13.1.1), against lost updates."""

import re
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header

from service_kit.errors import MalformedError, OutdatedError, PreconditionRequiredError

_ENTITY_TAG = r'(?:W/)?"[\x21\x23-\x7e]*"'
_IF_MATCH = re.compile(rf"\s*(?:\*|{_ENTITY_TAG}(?:\s*,\s*{_ENTITY_TAG})*)\s*")


def etag(version: int) -> str:
    """Return the `ETag` of a document's version, such as `"7"`."""
    return f'"{version}"'


@dataclass(frozen=True, slots=True)
class IfMatch:
    """The versions that the caller is ready to change; `tags` None: any."""

    tags: frozenset[str] | None = None

    def require(self, version: int, current: object) -> None:
        """Return when `version`, the stored one, is among them.

        Raises:
            OutdatedError: it is not; the problem carries `current`, the document as it is now.
        """
        if self.tags is not None and etag(version) not in self.tags:
            raise OutdatedError(
                f"The document is at version {version} now: look at `current`, then try again.",
                extra={"current": current},
            )


_Header = Annotated[
    str | None, Header(alias="If-Match", description='The `ETag` that was read, such as `"7"`.')
]


async def _optional(if_match: _Header = None) -> IfMatch:
    return IfMatch() if if_match is None else _parse(if_match)


async def _required(if_match: _Header = None) -> IfMatch:
    if if_match is None:
        raise PreconditionRequiredError("Send If-Match with the ETag that you read, or `*`.")
    return _parse(if_match)


def _parse(header: str) -> IfMatch:
    """Read the header; weak tags never match (RFC 9110 §13.1.1: strong comparison)."""
    if not _IF_MATCH.fullmatch(header):
        raise MalformedError('If-Match must be `*` or quoted ETags, such as `"7"`.')
    tags = frozenset(re.findall(_ENTITY_TAG, header))
    return IfMatch(tags or None)


OptionalIfMatch = Annotated[IfMatch, Depends(_optional)]
RequiredIfMatch = Annotated[IfMatch, Depends(_required)]
"""For routes that change a document; declare 412 and 428 with `problem_responses`."""
