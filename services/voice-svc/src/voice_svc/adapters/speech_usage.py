"""The characters that were spoken, by month: of each persona, and of the workspace as a whole."""

from datetime import date
from uuid import UUID

from service_kit.store import Session, database_now
from sqlalchemy import ARRAY, Uuid, bindparam, select, text
from sqlalchemy.dialects.postgresql import insert

from voice_svc.adapters.tables import SpeechUsageRow
from voice_svc.domain.speech import SpeechLimits, SpeechUsage, month_of, reset_after

WHOLE_WORKSPACE = UUID(int=0)
_DO_NOT_WAIT = text("set local synchronous_commit = off")
_RESERVE = text(
    """
    insert into speech_usage (workspace_id, persona_id, month, characters)
    select :workspace_id, owner, date_trunc('month', now() at time zone 'utc')::date, :characters
    from unnest(:owners) with ordinality as asked(owner, place) order by place
    on conflict (workspace_id, persona_id, month)
      do update set characters = speech_usage.characters + excluded.characters
    returning persona_id, characters, month
    """
).bindparams(bindparam("owners", type_=ARRAY(Uuid)))


async def usage(
    session: Session, workspace_id: str, persona_id: UUID, limits: SpeechLimits
) -> SpeechUsage:
    """Return what was spoken this month."""
    month = month_of(await database_now(session))
    found = await session.execute(
        select(SpeechUsageRow.persona_id, SpeechUsageRow.characters).where(
            SpeechUsageRow.workspace_id == workspace_id,
            SpeechUsageRow.persona_id.in_([persona_id, WHOLE_WORKSPACE]),
            SpeechUsageRow.month == month,
        )
    )
    characters = {row.persona_id: row.characters for row in found}
    return SpeechUsage(
        persona_characters=characters.get(persona_id, 0),
        workspace_characters=characters.get(WHOLE_WORKSPACE, 0),
        limits=limits,
        resets_at=reset_after(month),
    )


async def reserve(
    session: Session, workspace_id: str, persona_id: UUID, characters: int, limits: SpeechLimits
) -> tuple[SpeechUsage, date]:
    """Count characters that are about to be spoken; return what was used before, and the month.

    Texts of a workspace take turns from here to the end of the transaction, which therefore does
    not wait for the disk: a database that loses its power may forget the counts of a second.
    """
    await session.execute(_DO_NOT_WAIT)
    values = {
        "workspace_id": workspace_id,
        "owners": list(dict.fromkeys([WHOLE_WORKSPACE, persona_id])),
        "characters": characters,
    }
    rows = (await session.execute(_RESERVE, values)).all()
    used = {row.persona_id: row.characters for row in rows}
    month = rows[0].month
    usage = SpeechUsage(
        persona_characters=used[persona_id],
        workspace_characters=used[WHOLE_WORKSPACE],
        limits=limits,
        resets_at=reset_after(month),
    )
    return usage.before(characters), month


async def add(
    session: Session, workspace_id: str, persona_id: UUID, characters: int, month: date
) -> None:
    """Add to what was spoken; a negative number takes back. Texts of a workspace take turns."""
    for owner in dict.fromkeys([WHOLE_WORKSPACE, persona_id]):
        statement = insert(SpeechUsageRow).values(
            workspace_id=workspace_id,
            persona_id=owner,
            month=month,
            characters=max(0, characters),
        )
        key = [SpeechUsageRow.workspace_id, SpeechUsageRow.persona_id, SpeechUsageRow.month]
        changed = {"characters": SpeechUsageRow.characters + characters}
        await session.execute(statement.on_conflict_do_update(index_elements=key, set_=changed))
