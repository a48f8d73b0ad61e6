"""The pool that writes notes."""

from service_kit.work import WorkPool

from note_svc.adapters.notes import LEASES
from note_svc.deps import NoteDeps
from note_svc.domain.note import Note
from note_svc.usecases.write_note import WriteNote


def pools(deps: NoteDeps) -> list[WorkPool[Note]]:
    """Return the pool."""
    return [WorkPool(deps.store, LEASES, WriteNote(), concurrency=8, retry_delays=(1, 10, 60))]
