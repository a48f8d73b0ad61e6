"""ingest-svc: files in, knowledge out."""

import asyncio
import sys
from importlib.metadata import version

from service_kit.http_app import HttpApi
from service_kit.impact import impact_responder
from service_kit.outbox import requeue
from service_kit.service import Parts, Service
from service_kit.settings import load, start
from service_kit.store import Store
from sqlalchemy.exc import SQLAlchemyError

from ingest_svc.adapters import collection
from ingest_svc.adapters.edge_index import EdgeIndex
from ingest_svc.adapters.embedders import Embedder, choose_embedder
from ingest_svc.adapters.extractor import Extractor
from ingest_svc.adapters.fetcher import Fetcher
from ingest_svc.adapters.originals import Originals
from ingest_svc.adapters.passage_index import PassageIndex
from ingest_svc.adapters.qdrant_index import QdrantIndex
from ingest_svc.entrypoints import api, knowledge_api, upload
from ingest_svc.entrypoints.events import SUBSCRIPTIONS, find_uses, search_responder
from ingest_svc.entrypoints.workers import content_pool, document_pool, erase_pool, sweep
from ingest_svc.settings import IngestSettings
from ingest_svc.usecases.search_knowledge import SearchKnowledge
from ingest_svc.usecases.tools import Tools

DATABASE_RETRY_SECONDS = 0.3


def main() -> None:
    """Serve, migrate, or move the passages to another embedder."""
    settings = load(IngestSettings)
    embedder = choose_embedder(settings)
    index = _index(settings, embedder)
    if sys.argv[1:] == ["reembed"]:
        asyncio.run(_reembed(settings, index.collection))
        return
    _serve(settings, embedder, index)


def _serve(settings: IngestSettings, embedder: Embedder | None, index: PassageIndex) -> None:
    service = Service(
        "ingest-svc",
        settings,
        subscriptions=lambda _: SUBSCRIPTIONS,
        owned={"KNOWLEDGE": requeue},
        follows_personas=True,
    )
    originals = Originals(settings.originals_url)
    tools = Tools(
        originals=originals,
        fetcher=_fetcher(settings),
        extractor=Extractor(),
        index=index,
        has_embedder=embedder is not None,
        work_dir=settings.data_dir / "ingest-work",
    )
    search = SearchKnowledge(service.store, service.roster, index, embedder)

    async def run() -> None:
        await _use_collection(service.store, index.collection)
        await index.open()
        await sweep(service.store, originals, tools)

    service.main(
        Parts(
            api=HttpApi(
                title="Dramatis knowledge",
                version=version("ingest-svc"),
                description="The files of a persona, and what can be found in them.",
                routers=[
                    upload.router,
                    api.router,
                    knowledge_api.router,
                    upload.aliases,
                    api.aliases,
                ],
                uploads=upload.ROUTE,
            ),
            state={"roster": service.roster, "originals": originals, "search": search},
            pools=[
                document_pool(service, settings, tools),
                content_pool(service, settings, tools, embedder),
                erase_pool(service, tools),
            ],
            responders=[search_responder(search), impact_responder(service.store, find_uses)],
            start=run,
            stop=index.close,
        )
    )


def _index(settings: IngestSettings, embedder: Embedder | None) -> PassageIndex:
    name = f"{embedder.model_id}-{embedder.dimension}" if embedder else "words"
    dimension = embedder.dimension if embedder else None
    if settings.qdrant_url is None:
        return EdgeIndex(settings.data_dir / "passages", name, dimension)
    key = settings.qdrant_api_key.get_secret_value() if settings.qdrant_api_key else None
    return QdrantIndex(settings.qdrant_url, key, name, dimension)


def _fetcher(settings: IngestSettings) -> Fetcher:
    return Fetcher(
        allowed_hosts=settings.allowed_hosts,
        allowed_buckets=settings.allowed_buckets,
        inbox_dir=settings.inbox,
        fetch_private_addresses=settings.fetch_private_addresses,
        fetch_ca_file=settings.fetch_ca_file,
    )


async def _use_collection(store: Store, name: str) -> None:
    """Wait for the database and its schema, then settle which collection is in use."""
    while True:
        try:
            async with store.worker() as session:
                await collection.use(session, name)
        except (SQLAlchemyError, OSError):
            await asyncio.sleep(DATABASE_RETRY_SECONDS)
        else:
            return


async def _reembed(settings: IngestSettings, name: str) -> None:
    store = Store(settings.database_url.get_secret_value(), "ingest-svc")
    try:
        async with store.worker() as session:
            count = await collection.move(session, name)
    finally:
        await store.close()
    sys.stdout.write(f"{count} contents will be moved to the collection {name} by ingest-svc.\n")


if __name__ == "__main__":
    start(main)
