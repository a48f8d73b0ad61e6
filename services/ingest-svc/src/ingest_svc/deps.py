"""What the routes, handlers and workers of ingest-svc are given."""

from dataclasses import dataclass

from persona_client import Roster
from service_kit.service import Service
from service_kit.store import Store

from ingest_svc.adapters.edge_index import EdgeIndex
from ingest_svc.adapters.embedders import choose_embedder
from ingest_svc.adapters.extractor import Extractor
from ingest_svc.adapters.fetcher import Fetcher
from ingest_svc.adapters.originals import Originals
from ingest_svc.adapters.qdrant_index import QdrantIndex
from ingest_svc.settings import IngestSettings
from ingest_svc.usecases.ingest_file import Reading
from ingest_svc.usecases.ports import Embedder, PassageIndex
from ingest_svc.usecases.search_knowledge import SearchKnowledge


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestDeps:
    """Everything here lives as long as the process."""

    settings: IngestSettings
    store: Store
    roster: Roster
    originals: Originals
    embedder: Embedder | None
    index: PassageIndex
    search: SearchKnowledge
    reading: Reading


def build(service: Service, settings: IngestSettings) -> IngestDeps:
    """Return the deps of this process; nothing is opened or loaded yet."""
    embedder = choose_embedder(settings)
    index = _index(settings, embedder)
    originals = Originals(settings.originals_url)
    return IngestDeps(
        settings=settings,
        store=service.store,
        roster=service.roster,
        originals=originals,
        embedder=embedder,
        index=index,
        search=SearchKnowledge(service.store, service.roster, index, embedder),
        reading=Reading(
            originals=originals,
            fetcher=_fetcher(settings),
            extractor=Extractor(),
            work_dir=settings.data_dir / "ingest-work",
        ),
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
