"""Of this project's own documents, every sentence leads to the passage that it was taken from."""

from pathlib import Path
from uuid import uuid4

import pytest
from ingest_svc.adapters.edge_index import EdgeIndex
from ingest_svc.adapters.extraction.chunks import split
from ingest_svc.adapters.extraction.parts import Part
from ingest_svc.adapters.minilm import MiniLM
from ingest_svc.adapters.passage_index import document_words, query_words
from ingest_svc.domain.passage import Owner, Question, Scope
from ingest_svc.usecases.search_knowledge import CANDIDATES
from quotations import best_first, holds, parts_of, sentences

pytestmark = [pytest.mark.processes, pytest.mark.long]
ROOT = Path(__file__).parents[4]


async def test_every_sentence_of_our_own_documents_finds_its_passage(tmp_path):
    files = {str(path): parts_of(path) for path in sorted((ROOT / "docs").rglob("*.md"))}
    texts = [
        chunk["text"]
        for parts in files.values()
        for part in parts
        for chunk in split(Part(text=part))
    ]
    asked = [sentence for _, sentence in sentences(files, 4)]
    assert len(asked) >= 40
    model = MiniLM()
    index = EdgeIndex(tmp_path / "passages", "quotations-384", model.dimension)
    await index.open()
    owner = Owner(workspace_id="acme", persona_id=uuid4(), content_id=uuid4())
    await index.put_words(owner, 0, document_words(texts, "english"))
    await index.put_vectors(owner, 0, await model.embed(texts))
    vectors = await model.embed(asked)
    for mode, use in (("words", False), ("both", True)):
        ranks = []
        for sentence, vector in zip(asked, vectors, strict=True):
            words = query_words(sentence, ["english"])
            question = Question(words=words, vector=vector if use else None)
            hits = await index.search(Scope("acme", (owner.persona_id,)), question, CANDIDATES)
            best = best_first(hits, texts, sentence)[:5]
            places = [place for place, number in enumerate(best) if holds(texts[number], sentence)]
            assert places, (mode, sentence, [texts[number] for number in best[:1]])
            ranks.append(places[0])
        assert ranks.count(0) >= 0.95 * len(ranks), (mode, ranks)
    await index.close()
