"""Commands on personas: what they return, and each reason to refuse them."""

from datetime import timedelta
from uuid import uuid4

import pytest
from persona_svc.adapters import personas, versions
from persona_svc.domain.inheritance import (
    InheritanceCycleError,
    ParentGoneError,
    ParentNotFoundError,
    PersonaHasChildrenError,
)
from persona_svc.domain.markdown import from_markdown, to_markdown
from persona_svc.domain.persona import (
    InvalidPersonaError,
    NameTakenError,
    PersonaFields,
    PersonaNotDeletedError,
    PersonaNotFoundError,
)
from persona_svc.domain.version import VersionNotFoundError
from persona_svc.domain.workspace import (
    DefaultInactiveError,
    DefaultInUseError,
    PromotionError,
)
from persona_svc.domain.workspace_settings import InvalidSettingsError
from persona_svc.usecases.clone_persona import clone_persona
from persona_svc.usecases.create_persona import create_persona
from persona_svc.usecases.delete_persona import delete_persona
from persona_svc.usecases.ensure_default import ensure_default
from persona_svc.usecases.export_persona import export_persona
from persona_svc.usecases.import_persona import import_persona
from persona_svc.usecases.restore_version import restore_version
from persona_svc.usecases.set_default import set_default
from persona_svc.usecases.undelete_persona import undelete_persona
from persona_svc.usecases.update_persona import update_persona
from persona_svc.usecases.update_settings import update_settings
from service_devkit.testing.rollback import published

MONTH = timedelta(days=30)


@pytest.fixture
def create(begin):
    async def created(name, **fields):
        return await create_persona(await begin(), PersonaFields(name=name, **fields))

    return created


async def test_the_first_persona_becomes_the_default_and_is_mirrored(session, begin, create):
    anna = await create("Anna", tone="calm")
    workspace = (await begin()).workspace
    assert (workspace.default_persona_id, workspace.settings.ai_tone) == (anna.persona_id, "calm")
    assert [subject.split(".v1.")[0] for subject, _ in await published(session)] == [
        "persona.created",
        "workspace.updated",
    ]


async def test_a_persona_is_not_created(create):
    with pytest.raises(DefaultInactiveError):
        await create("First", is_active=False)
    await create("Anna")
    with pytest.raises(NameTakenError):
        await create("ANNA")
    with pytest.raises(ParentNotFoundError):
        await create("Child", parent_id=uuid4())


async def test_a_persona_is_not_updated(begin, create):
    anna = await create("Anna")
    ben = await create("Ben", parent_id=anna.persona_id)
    for patch, refusal in (
        ({"name": "ben"}, NameTakenError),
        ({"is_active": False}, DefaultInactiveError),
        ({"parent_id": str(uuid4())}, ParentNotFoundError),
        ({"parent_id": str(ben.persona_id)}, InheritanceCycleError),
        ({"name": ""}, InvalidPersonaError),
    ):
        with pytest.raises(refusal):
            await update_persona(await begin(), anna, patch)


async def test_an_update_that_changes_nothing_is_free(session, begin, create):
    anna = await create("Anna", tone="calm")
    before = await published(session)
    assert await update_persona(await begin(), anna, {"tone": "calm"}) == anna
    assert await published(session) == before


async def test_a_version_is_restored_as_a_new_one(session, begin, create, workspace_id):
    anna = await create("Anna", tone="calm")
    loud = await update_persona(await begin(), anna, {"tone": "loud"})
    calm = await restore_version(await begin(), loud, 1)
    assert (calm.version, calm.fields.tone) == (3, "calm")
    latest = await versions.get(session, workspace_id, anna.persona_id, 3)
    assert latest.changes_summary == "restored version 1"
    with pytest.raises(VersionNotFoundError):
        await restore_version(await begin(), calm, 9)


async def test_only_an_active_persona_becomes_the_default(begin, create):
    await create("Anna")
    asleep = await create("Asleep", is_active=False)
    with pytest.raises(DefaultInactiveError):
        await set_default(await begin(), asleep)
    awake = await update_persona(await begin(), asleep, {"is_active": True})
    assert await set_default(await begin(), awake) == awake
    assert (await begin()).default_persona_id == awake.persona_id


async def test_a_persona_is_not_deleted(begin, create):
    anna = await create("Anna")
    ben = await create("Ben", parent_id=anna.persona_id)
    asleep = await create("Asleep", is_active=False)
    with pytest.raises(PersonaHasChildrenError, match="Ben"):
        await delete_persona(await begin(), anna, None, MONTH)
    await update_persona(await begin(), ben, {"parent_id": None})
    with pytest.raises(DefaultInUseError):
        await delete_persona(await begin(), anna, None, MONTH)
    for promote in (anna.persona_id, asleep.persona_id, uuid4()):
        with pytest.raises(PromotionError):
            await delete_persona(await begin(), anna, promote, MONTH)


async def test_deleting_the_default_promotes_another(session, begin, create, workspace_id):
    anna, ben = await create("Anna"), await create("Ben")
    await delete_persona(await begin(), anna, ben.persona_id, MONTH)
    assert (await begin()).default_persona_id == ben.persona_id
    with pytest.raises(PersonaNotFoundError):
        await personas.get(session, workspace_id, anna.persona_id)


async def test_a_persona_is_not_undeleted(begin, create):
    default, parent = await create("Default"), await create("Parent")
    child = await create("Child", parent_id=parent.persona_id)
    with pytest.raises(PersonaNotDeletedError):
        await undelete_persona(await begin(), default.persona_id)
    with pytest.raises(PersonaNotFoundError):
        await undelete_persona(await begin(), uuid4())
    await delete_persona(await begin(), child, None, MONTH)
    await delete_persona(await begin(), parent, None, MONTH)
    with pytest.raises(ParentGoneError):
        await undelete_persona(await begin(), child.persona_id)
    await create("Parent")
    with pytest.raises(NameTakenError):
        await undelete_persona(await begin(), parent.persona_id)


async def test_a_clone_has_a_free_name(begin, create):
    anna = await create("Anna", tone="calm")
    names = [
        (await clone_persona(await begin(), anna.persona_id, None)).fields.name for _ in range(2)
    ]
    assert names == ["Anna (copy)", "Anna (copy 2)"]
    with pytest.raises(NameTakenError):
        await clone_persona(await begin(), anna.persona_id, "Anna")
    with pytest.raises(PersonaNotFoundError):
        await clone_persona(await begin(), uuid4(), None)


async def test_an_exported_persona_is_imported_with_its_parent_by_name(
    session, begin, create, workspace_id
):
    parent = await create("Parent")
    child = await create("Child", parent_id=parent.persona_id, tone="calm")
    file = to_markdown(await export_persona(session, workspace_id, child.persona_id))
    with pytest.raises(NameTakenError):
        await import_persona(await begin(), from_markdown(file))
    renamed = from_markdown(file.replace("Child", "Twin"))
    assert (await import_persona(await begin(), renamed)).fields.parent_id == parent.persona_id
    orphan = from_markdown(file.replace("Child", "Third").replace("Parent", "Nobody"))
    with pytest.raises(ParentNotFoundError):
        await import_persona(await begin(), orphan)
    with pytest.raises(PersonaNotFoundError):
        await export_persona(session, workspace_id, uuid4())


async def test_ensuring_a_default_makes_one_once(begin):
    await update_settings(await begin(), {"ai_persona_name": "Anna"})
    made, created = await ensure_default(await begin())
    assert (made.fields.persona_name, created) == ("Anna", True)
    assert await ensure_default(await begin()) == (made, False)


async def test_a_legacy_setting_changes_the_default_persona(session, begin, create, workspace_id):
    anna = await create("Anna", tone="calm")
    workspace = await update_settings(await begin(), {"ai_tone": "warm"})
    changed = await personas.get(session, workspace_id, anna.persona_id)
    assert (workspace.settings.ai_tone, changed.fields.tone, changed.version) == ("warm", "warm", 2)
    with pytest.raises(InvalidSettingsError):
        await update_settings(await begin(), {"ai_tone": "x" * 501})


UNFILLABLE = [
    ("Hi {{first_name}},", "{firstName}"),
    ("Hi {firstName||there},", "{firstName|there}"),
    ("Hi {FirstName},", "{firstName}"),
    ("Hi *|FNAME|*,", "{firstName}"),
    ("Dear [First Name],", "{firstName}"),
    ("Dear {title} {last_name},", "{title}"),
    ("Hi {signature},", "{signature}"),
    ("Hi {", "{firstName}"),
]


@pytest.mark.parametrize(("greeting", "meant"), UNFILLABLE)
async def test_a_greeting_that_nothing_fills_is_refused_with_what_is_meant(
    begin, create, greeting, meant
):
    anna = await create("Anna")
    saves = (
        create("Ben", greeting=greeting),
        create("Ben", sms_greeting=greeting),
        update_persona(await begin(), anna, {"greeting": greeting}),
        update_settings(await begin(), {"ai_greeting": greeting}),
        import_persona(
            await begin(), from_markdown(f"---\nname: C\ngreeting: '{greeting}'\n---\n")
        ),
    )
    for save in saves:
        with pytest.raises((InvalidPersonaError, InvalidSettingsError)) as refused:
            await save
        (error,) = refused.value.errors
        assert error.field in ("greeting", "sms_greeting", "ai_greeting")
        assert meant in error.message
        assert "at character" in error.message


@pytest.mark.parametrize(
    "signature", ["Anna\n{{company}}", "Anna {phone}", "Anna {lead.plan}", "[Your Name]", "Anna }"]
)
async def test_a_signature_that_nothing_fills_is_refused_with_the_place(begin, create, signature):
    anna = await create("Anna", signature="Anna <anna@acme.example> [Acme]")
    saves = (
        create("Ben", signature=signature),
        update_persona(await begin(), anna, {"signature": signature}),
        update_settings(await begin(), {"ai_signature": signature}),
    )
    for save in saves:
        with pytest.raises((InvalidPersonaError, InvalidSettingsError)) as refused:
            await save
        (error,) = refused.value.errors
        assert error.field in ("signature", "ai_signature")
        assert "at character" in error.message


@pytest.mark.parametrize(
    "greeting",
    [
        "Hi {first_name},",
        "Hi {firstName|there},",
        "Hi {lead.nickname|you} of {company},",
        "Hi 100%",
    ],
)
async def test_a_greeting_with_tokens_is_kept_as_it_is_written(create, greeting):
    assert (await create("Anna", greeting=greeting)).fields.greeting == greeting


async def test_a_greeting_older_than_the_rule_is_in_nobodys_way(session, begin, create):
    anna = await create("Anna")
    old = anna.edited(
        anna.fields.patched({"greeting": "Hi {{x}},"}), revision=2, at=anna.updated_at
    )
    await personas.save(session, old)
    updated = await update_persona(await begin(), old, {"tone": "calm"})
    assert (updated.fields.tone, updated.fields.greeting) == ("calm", "Hi {{x}},")
