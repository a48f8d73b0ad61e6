"""Definitions by version, remembered: a version never changes."""

from collections import OrderedDict
from collections.abc import Collection, Mapping

from service_kit.store import Session
from sqlalchemy import select, tuple_

from followup_svc.adapters.sequences import version_of
from followup_svc.adapters.tables import SequenceVersionRow
from followup_svc.domain.sequence import Definition, VersionKey


class SequenceVersions:
    """What is known of versions; one for a process."""

    def __init__(self, capacity: int = 2_000) -> None:
        self._known: OrderedDict[VersionKey, Definition] = OrderedDict()
        self._capacity = capacity

    async def get_all(
        self, session: Session, keys: Collection[VersionKey]
    ) -> Mapping[VersionKey, Definition]:
        """Return the definition of each of `keys`, which must exist."""
        found = {key: self._known[key] for key in keys if key in self._known}
        missing = sorted(set(keys) - found.keys())
        if missing:
            read = await _read(session, missing)
            found.update(read)
            self._known.update(read)
        while len(self._known) > self._capacity:
            self._known.popitem(last=False)
        return found


async def _read(session: Session, keys: Collection[VersionKey]) -> Mapping[VersionKey, Definition]:
    rows = await session.scalars(
        select(SequenceVersionRow).where(
            tuple_(SequenceVersionRow.sequence_id, SequenceVersionRow.version).in_(keys)
        )
    )
    versions = [version_of(row) for row in rows]
    return {VersionKey(each.sequence_id, each.version): each.definition for each in versions}
