"""The right paragraph is found, by words and by meaning, and never another persona's.

SQuAD and XQuAD paragraphs (CC-BY-SA-4.0), one persona per group of articles, filters on. "Hard" is
the quarter of the questions that share the fewest words with their paragraph.
"""

import json
import re
from uuid import UUID, uuid4

import pytest
from corpus import FOLDER, needs_corpus
from ingest_svc.adapters.edge_index import EdgeIndex
from ingest_svc.adapters.minilm import MiniLM
from ingest_svc.adapters.passage_index import document_words, query_words
from ingest_svc.domain.passage import Owner, Question, Scope
from ingest_svc.usecases.search_knowledge import CANDIDATES
from quotations import best_first

pytestmark = [needs_corpus, pytest.mark.processes]
PERSONAS = 12


def groups():
    """Return the paragraphs of each persona: (text, questions)."""
    articles = json.loads((FOLDER / "squad.json").read_text())["articles"]
    found = [[] for _ in range(PERSONAS)]
    for number, article in enumerate(articles):
        found[number % PERSONAS] += [
            (paragraph["text"], [question["q"] for question in paragraph["questions"]])
            for paragraph in article["paragraphs"]
        ]
    return found


def shared_words(question, paragraph):
    asked = set(re.findall(r"\w+", question.lower()))
    return len(asked & set(re.findall(r"\w+", paragraph.lower()))) / len(asked)


@pytest.mark.slow
async def test_the_right_paragraph_is_found_and_no_other_personas(tmp_path):
    model = MiniLM()
    index = EdgeIndex(tmp_path / "passages", "quality-384", model.dimension)
    await index.open()
    asked = []
    texts = {}
    for paragraphs in groups():
        owner = Owner(workspace_id="acme", persona_id=uuid4(), content_id=uuid4())
        texts[owner.content_id] = own = [text for text, _ in paragraphs]
        await index.put_words(owner, 0, document_words(own, "english"))
        await index.put_vectors(owner, 0, await model.embed(own))
        asked += [
            (owner, number, question, shared_words(question, text))
            for number, (text, questions) in enumerate(paragraphs)
            for question in questions
        ]
    vectors = await model.embed([question for _, _, question, _ in asked])
    ranks: list[tuple[float, int]] = []
    for (owner, number, text, overlap), vector in zip(asked, vectors, strict=True):
        question = Question(words=query_words(text, ["english"]), vector=vector)
        hits = await index.search(Scope("acme", (owner.persona_id,)), question, CANDIDATES)
        assert {hit.content_id for hit in hits} == {owner.content_id}
        found = best_first(hits, texts[owner.content_id], text)
        ranks.append((overlap, found.index(number) if number in found else 99))
    await index.close()

    def recall(some, k):
        return sum(rank < k for _, rank in some) / len(some)

    hard = sorted(ranks)[: len(ranks) // 4]
    figures = {"R@1": recall(ranks, 1), "R@5": recall(ranks, 5), "hard R@5": recall(hard, 5)}
    assert figures["R@5"] >= 0.98, figures
    assert figures["R@1"] >= 0.865, figures
    assert figures["hard R@5"] >= 0.94, figures


def test_owners_never_share_a_point():
    ids = {
        Owner(workspace_id="a", persona_id=UUID(int=1), content_id=UUID(int=content)).point_id(n)
        for content in range(20)
        for n in range(20)
    }
    assert len(ids) == 400
