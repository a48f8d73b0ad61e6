"""Create, change, clone and delete sequences; every change is a new version."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from service_kit.errors import FieldError, InvalidError
from service_kit.ids import new_id
from service_kit.store import Session, database_now

from followup_svc.adapters import instance_list, sequences
from followup_svc.adapters.sequences import SequenceRow, SequenceVersionRow, definition
from followup_svc.domain.sequence import (
    MAX_NAME_CHARS,
    Sequence,
    SequenceNameTakenError,
    SequenceRunningError,
)
from followup_svc.domain.template import ErrorType, TemplateError, lint
from followup_svc.usecases.steer_instances import stop_all_of


class TemplateInvalidError(InvalidError):
    """A template cannot be filled, whatever is known of a lead."""

    slug = "template-invalid"


async def create_sequence(
    session: Session, workspace_id: str, sequence: Sequence, by: str
) -> SequenceRow:
    """Store a new sequence at version 1.

    Raises:
        TemplateInvalidError: a template has unknown tokens or stray braces.
        SequenceNameTakenError: another sequence has this name.
    """
    check_templates(sequence)
    await _claim_name(session, workspace_id, sequence.name)
    now = await database_now(session)
    row = SequenceRow(
        sequence_id=new_id(),
        workspace_id=workspace_id,
        name=sequence.name,
        version=0,
        trigger_saved_at=now,
        updated_at=now,
    )
    session.add(row)
    _set(row, sequence, now)
    await session.flush()
    await _keep_version(session, row, now, by)
    return row


async def update_sequence(session: Session, row: SequenceRow, sequence: Sequence, by: str) -> None:
    """Store another version of a locked sequence; instances finish on theirs.

    Saying the same again makes no version.

    Raises:
        TemplateInvalidError: a template has unknown tokens or stray braces.
        SequenceNameTakenError: another sequence has this name.
    """
    before = row.sequence
    if sequence == before:
        return
    check_templates(sequence)
    await _claim_name(session, row.workspace_id, sequence.name, row.sequence_id)
    now = await database_now(session)
    if sequence.trigger != before.trigger:
        row.trigger_saved_at = now
    _set(row, sequence, now)
    await session.flush()
    await _keep_version(session, row, now, by)


async def clone_sequence(
    session: Session, row: SequenceRow, name: str | None, by: str
) -> SequenceRow:
    """Store a copy of a sequence, started by hand alone, as `name` or "Copy of …".

    Raises:
        SequenceNameTakenError: another sequence has this name.
    """
    copy = replace(
        row.sequence, name=name or f"Copy of {row.name}"[:MAX_NAME_CHARS].rstrip(), trigger=None
    )
    return await create_sequence(session, row.workspace_id, copy, by)


async def delete_sequence(
    session: Session, row: SequenceRow, by: str, *, stop_instances: bool
) -> None:
    """Delete a locked sequence; its versions stay for the instances that had begun with them.

    Raises:
        SequenceRunningError: leads are on their way, and are not to be stopped.
    """
    live = await instance_list.live_count(session, row.sequence_id)
    if live and not stop_instances:
        raise SequenceRunningError(
            f"{live} instances are live: stop them first, or delete with ?stop_instances=true",
            extra={"live_instances": live},
        )
    row.deleted_at = await database_now(session)
    await session.flush()
    await stop_all_of(session, row.sequence_id, by)


def check_templates(sequence: Sequence) -> None:
    """Return if every template can be filled by some values.

    Raises:
        TemplateInvalidError: naming field, position and mend of each error.
    """
    found = [(field, error) for field, template in sequence.templates() for error in lint(template)]
    if not found:
        return
    errors = [FieldError(field, _said(error)) for field, error in found]
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    said = [
        {
            "field": field,
            "type": error.type,
            "token": error.token,
            "hint": error.hint,
            "position": error.position,
        }
        for field, error in found
    ]
    raise TemplateInvalidError(
        f"{errors[0].field}: {errors[0].message}{more}",
        errors=errors,
        extra={"template_errors": said},
    )


def _said(error: TemplateError) -> str:
    kind = "unknown token" if error.type is ErrorType.UNKNOWN_TOKEN else "malformed"
    return f"{kind} {error.token} at position {error.position}: {error.hint}"


async def _claim_name(
    session: Session, workspace_id: str, name: str, except_id: UUID | None = None
) -> None:
    await sequences.lock_names(session, workspace_id)
    if await sequences.is_name_taken(session, name, except_id):
        raise SequenceNameTakenError(f"another sequence is called {name!r}: choose another name")


def _set(row: SequenceRow, sequence: Sequence, now: datetime) -> None:
    row.name = sequence.name
    row.version += 1
    row.definition = definition(sequence)
    row.trigger_event = sequence.trigger.event if sequence.trigger else None
    row.updated_at = now


async def _keep_version(session: Session, row: SequenceRow, now: datetime, by: str) -> None:
    session.add(
        SequenceVersionRow(
            sequence_id=row.sequence_id,
            version=row.version,
            workspace_id=row.workspace_id,
            definition=row.definition,
            changed_by=by,
            created_at=now,
        )
    )
    await session.flush()
