"""Each service's migrations, from an empty database to the newest, make what its code expects."""

from importlib import import_module

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from chat_svc.adapters import tables as chat_tables
from draft_svc.adapters import tables as draft_tables
from followup_svc.adapters import tables as followup_tables
from ingest_svc.adapters import tables as ingest_tables
from persona_svc.adapters import tables as persona_tables
from service_kit.audit import AuditRow
from service_kit.idempotency import IdempotencyRow
from service_kit.inbox import InboxRow
from service_kit.migrations import migrations_folder, upgrade
from service_kit.outbox import OutboxRow
from service_kit.store import Base, normalise_url
from sqlalchemy import NullPool, create_engine
from studio_svc.adapters import tables as studio_tables
from voice_svc.adapters import tables as voice_tables

KIT_TABLES = {row.__tablename__ for row in (AuditRow, OutboxRow, InboxRow, IdempotencyRow)}


def own_tables(module):
    return {
        row.__tablename__
        for row in vars(module).values()
        if isinstance(row, type) and issubclass(row, Base) and "__tablename__" in vars(row)
    }


TABLES = {
    "draft_svc": KIT_TABLES | own_tables(draft_tables),
    "followup_svc": KIT_TABLES | own_tables(followup_tables),
    "ingest_svc": KIT_TABLES | own_tables(ingest_tables),
    "persona_svc": KIT_TABLES | own_tables(persona_tables),
    "voice_svc": KIT_TABLES | own_tables(voice_tables),
    "chat_svc": KIT_TABLES | own_tables(chat_tables),
    "studio_svc": KIT_TABLES | own_tables(studio_tables),
}


@pytest.mark.parametrize("service", sorted(TABLES))
def test_the_history_is_one_line_from_the_oldest_to_the_newest(service):
    script = ScriptDirectory(str(migrations_folder(import_module(service))))
    assert len(script.get_bases()) == 1
    assert len(script.get_heads()) == 1
    assert not [r for r in script.walk_revisions() if r.is_merge_point or r.is_branch_point]


@pytest.mark.parametrize("service", sorted(TABLES))
def test_migrating_makes_the_columns_that_the_code_expects(database, service):
    def include(_item, name, kind, *_):
        return kind == "column" or (kind == "table" and name in TABLES[service])

    options = {"include_object": include, "compare_type": False}  # text and varchar are one
    url = normalise_url(database(service).owner_url)
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, Base.metadata) == []


@pytest.mark.parametrize("service", sorted(TABLES))
def test_migrating_again_changes_nothing(database, service):
    upgrade(import_module(service), database(service).owner_url)
