"""Move a content to the collection of the present embedder."""

import asyncio

from service_kit.store import Session, Store

from ingest_svc.adapters import contents
from ingest_svc.adapters.contents import ContentClaim
from ingest_svc.adapters.passage_index import document_words
from ingest_svc.domain.content import DEFAULT_LANGUAGE, Content
from ingest_svc.usecases.ports import PassageIndex

WORDS_BATCH = 500


async def move_content(
    store: Store, index: PassageIndex, claim: ContentClaim, *, has_embedder: bool
) -> Content:
    """Put the words into the present collection, from the stored chunks; return the content."""
    content_id, first = claim.item_id, 0
    while count := await _put(store, index, claim, first):
        first += count
    await index.flush()
    kept: list[Content] = []

    async def change(session: Session) -> None:
        await contents.LEASES.renew(session, claim)
        held = await contents.lock(session, content_id)
        kept.append(held.moved(index.collection, embed=has_embedder))
        await contents.save(session, kept[-1])

    await store.persist(change)
    return kept[-1]


async def _put(store: Store, index: PassageIndex, claim: ContentClaim, first: int) -> int:
    async with store.worker() as session:
        held = await contents.lock(session, claim.item_id)
        texts = await contents.texts(session, held.content_id, first, WORDS_BATCH)
        language = held.language or DEFAULT_LANGUAGE
        words = await asyncio.to_thread(document_words, texts, language)
        if texts:
            await index.put_words(held.owner, first, words)
    return len(texts)
