"""Answer what the tool of a voice agent asks."""

from prometheus_client import Counter
from service_kit.knowledge import KnowledgeUnavailableError
from structlog import get_logger

from voice_svc.domain.answer import (
    UNAVAILABLE_ANSWER,
    ToolAnswer,
    compose_answer,
    normalise_question,
)
from voice_svc.domain.answer_cache import AnswerCache, Knower
from voice_svc.usecases.ports import SearchesKnowledge

log = get_logger(__name__)
answers_total = Counter(
    "dramatis_voice_answers_total", "Answers to agents by where they came from.", ["source"]
)


class AnswerQuestion:
    """Answers from what one persona knows, in time and honestly."""

    def __init__(
        self, knowledge: SearchesKnowledge, answers: AnswerCache, timeout_seconds: float
    ) -> None:
        """Take how long a search may take: then the answer says that there is none now."""
        self._knowledge = knowledge
        self._answers = answers
        self._timeout_seconds = timeout_seconds

    async def answer(self, knower: Knower, text: str) -> ToolAnswer:
        """Return the answer: a remembered one, if nothing that it was made from has changed."""
        if not await self._knowledge.follow():
            self._answers.drop_all()
        question, shelf = normalise_question(text), self._answers.shelf(knower)
        known = self._answers.find(shelf, question)
        if known is not None:
            answers_total.labels("cache").inc()
            return known
        try:
            found = await self._knowledge.search(knower, text, self._timeout_seconds)
        except KnowledgeUnavailableError as error:
            log.info("knowledge.unavailable", reason=str(error))
            answers_total.labels("unavailable").inc()
            return UNAVAILABLE_ANSWER
        answers_total.labels("search").inc()
        answer = compose_answer(text, found.passages)
        self._answers.keep(shelf, question, answer, found.revision)
        return answer
