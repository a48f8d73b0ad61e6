"""What a change costs the database, and what its readers get."""

from contextlib import contextmanager

from persona_svc.domain.inheritance import MAX_DESCENDANTS
from persona_svc.domain.persona import PersonaFields
from persona_svc.usecases.add_persona import add_persona
from persona_svc.usecases.publish_change import publish_change
from persona_svc.usecases.update_persona import update_persona
from sqlalchemy import event, text

FEW = 15


@contextmanager
def statements(session):
    """Collect the statements that `session` executes."""
    found = []

    def note(_connection, _cursor, statement, *_):
        found.append(statement)

    engine = session.bind.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    yield found
    event.remove(engine, "before_cursor_execute", note)


async def test_an_edit_that_200_personas_inherit_takes_a_few_statements(session, begin):
    change = await begin()
    parent = await add_persona(change, PersonaFields(name="Parent"))
    for number in range(MAX_DESCENDANTS):
        fields = PersonaFields(name=f"Child {number}", parent_id=parent.persona_id)
        await add_persona(change, fields)
    await publish_change(change, "test")
    with statements(session) as executed:
        await update_persona(await begin(), parent, {"tone": "calm"})
    assert len(executed) <= FEW, executed
    rows = await session.execute(
        text("select body->>'tone', revision, body->>'revision' from state_document")
    )
    documents = [tuple(row) for row in rows if row[0] is not None]
    assert documents == [("calm", 2, "2")] * (MAX_DESCENDANTS + 1)
    notifying = [statement for statement in executed if "pg_notify" in statement]
    assert len(notifying) == 2, "one for the documents, one for the events"
