"""What the lists of personas read."""

from uuid import uuid4

from persona_svc.adapters import personas, versions
from service_devkit.testing.statements import statements


async def test_lists_that_show_no_fields_read_none(session, workspace_id):
    with statements() as sent:
        await versions.page(session, workspace_id, uuid4(), None, 200)
        await personas.page_of_deleted(session, workspace_id, personas.PersonaFilter(), None, 200)
    of_versions, of_deleted = sent
    assert "persona_version.fields" not in of_versions
    assert of_deleted.count("persona.fields") == of_deleted.count("persona.fields ->>") == 1
