"""Definitions by version, remembered: a version never changes."""

from collections import OrderedDict
from collections.abc import Collection, Mapping

from service_kit.store import Session
from sqlalchemy import select, tuple_

from followup_svc.adapters.sequences import version_of
from followup_svc.adapters.tables import SequenceVersionRow
from followup_svc.domain.sequence import Definition, VersionKey

MAX_CHARS = 8_000_000
"""Of all templates that are remembered together."""
STEP_CHARS = 500
"""What a step takes besides its templates."""


class SequenceVersions:
    """What is known of versions; one for a process."""

    def __init__(self, max_chars: int = MAX_CHARS) -> None:
        self._known: OrderedDict[VersionKey, Definition] = OrderedDict()
        self._max_chars = max_chars
        self._chars = 0

    async def get_all(
        self, session: Session, keys: Collection[VersionKey]
    ) -> Mapping[VersionKey, Definition]:
        """Return the definition of each of `keys`, which must exist."""
        found = {key: self._known[key] for key in keys if key in self._known}
        missing = sorted(set(keys) - found.keys())
        if missing:
            read = await _read(session, missing)
            found.update(read)
            self._remember(read)
        return found

    def _remember(self, read: Mapping[VersionKey, Definition]) -> None:
        for key in read.keys() - self._known.keys():
            self._known[key] = read[key]
            self._chars += _chars(read[key])
        while self._chars > self._max_chars:
            _, oldest = self._known.popitem(last=False)
            self._chars -= _chars(oldest)


def _chars(definition: Definition) -> int:
    return sum(STEP_CHARS + len(step.body) + len(step.subject or "") for step in definition.steps)


async def _read(session: Session, keys: Collection[VersionKey]) -> Mapping[VersionKey, Definition]:
    rows = await session.scalars(
        select(SequenceVersionRow).where(
            tuple_(SequenceVersionRow.sequence_id, SequenceVersionRow.version).in_(keys)
        )
    )
    versions = [version_of(row) for row in rows]
    return {VersionKey(each.sequence_id, each.version): each.definition for each in versions}
