"""ETags and `If-Match` (RFC 9110 §8.8, §13.1.1), against lost updates."""

import re
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header

from service_kit.errors import OutdatedError

_ENTITY_TAG = r'(?:W/)?"[!#-~]*"'
_OF_A_PROXY = re.compile(r'(?:W/)?"([0-9]+)(?:[-;]+[A-Za-z]+)?"')
"""A version's tag, as it is or as a proxy changes it that compresses: `W/"7"`, `"7-gzip"`."""
_IF_MATCH = rf"^ *(?:\*|{_ENTITY_TAG}(?: *, *{_ENTITY_TAG})*) *$"


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


_HEADER = Header(
    alias="If-Match", pattern=_IF_MATCH, description='The `ETag` that was read, such as `"7"`.'
)


async def _optional(if_match: Annotated[str | None, _HEADER] = None) -> IfMatch:
    return IfMatch() if if_match is None else _parse(if_match)


async def _required(if_match: Annotated[str, _HEADER]) -> IfMatch:
    return _parse(if_match)


def _parse(header: str) -> IfMatch:
    """Read a well-formed header.

    A weak tag counts as the strong one, unlike RFC 9110 §13.1.1: we make no weak ones, so a proxy
    did that packed the same document, and its client cannot send another.
    """
    tags = (_OF_A_PROXY.sub(r'"\1"', tag) for tag in re.findall(_ENTITY_TAG, header))
    return IfMatch(frozenset(tags) or None)


OptionalIfMatch = Annotated[IfMatch, Depends(_optional)]
RequiredIfMatch = Annotated[IfMatch, Depends(_required)]
"""For routes that change a document: without the header the answer is 428 (see `problem`).

Declare 412 and 428 with `problem_responses`.
"""
