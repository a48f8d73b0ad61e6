"""Answers that were given, until what they were made from changes.

The key is the persona, its revision, the revision of its knowledge and the question. Each persona
has one shelf, for one revision; whoever looks something up takes the shelf first, and puts the
answer on this very shelf: if the shelf was dropped meanwhile, nobody finds the answer.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic
from uuid import UUID

from voice_svc.domain.answer import AnswerStatus, ToolAnswer

ANSWER_SECONDS = 300.0
NOT_FOUND_SECONDS = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Knower:
    """A persona as it is now, and whose knowledge it has."""

    workspace_id: str
    persona_id: UUID
    revision: int
    lineage: tuple[UUID, ...] = ()


@dataclass(slots=True)
class _Entry:
    answer: ToolAnswer
    until: float
    size_bytes: int


@dataclass(eq=False, slots=True)
class Shelf:
    """The answers of one revision of a persona."""

    knower: Knower
    knowledge_revision: int = -1
    questions: set[str] = field(default_factory=set[str])


@dataclass(slots=True)
class CacheStats:
    """What a workspace's questions met in this process, and what is kept for it."""

    hits: int = 0
    misses: int = 0
    dropped: int = 0
    """Answers dropped because the persona or its knowledge changed."""
    changes: int = 0
    """Changes of personas or their knowledge that were heard of."""
    entries: int = 0
    size_bytes: int = 0


class AnswerCache:
    """Answers by persona and question, bounded in bytes; the least used go first."""

    def __init__(self, max_bytes: int, clock: Callable[[], float] = monotonic) -> None:
        """Take how much memory the answers may take, and a clock in seconds."""
        self.max_bytes = max_bytes
        self._clock = clock
        self._shelves: dict[UUID, Shelf] = {}
        self._entries: OrderedDict[tuple[UUID, str], _Entry] = OrderedDict()
        self._stats: dict[str, CacheStats] = {}

    def shelf(self, knower: Knower) -> Shelf:
        """Return the shelf of a persona as it is now; one of another revision is dropped."""
        shelf = self._shelves.get(knower.persona_id)
        if shelf is None or shelf.knower != knower:
            if shelf is not None:
                self._drop(shelf)
            shelf = self._shelves[knower.persona_id] = Shelf(knower)
        return shelf

    def find(self, shelf: Shelf, question: str) -> ToolAnswer | None:
        """Return the answer to a normalised question, if it is known and not too old."""
        stats = self._of(shelf.knower.workspace_id)
        key = (shelf.knower.persona_id, question)
        entry = self._entries.get(key) if question in shelf.questions else None
        if entry is not None and entry.until > self._clock():
            self._entries.move_to_end(key)
            stats.hits += 1
            return entry.answer
        if entry is not None:
            self._remove(key)
        stats.misses += 1
        return None

    def keep(
        self, shelf: Shelf, question: str, answer: ToolAnswer, knowledge_revision: int
    ) -> None:
        """Keep an answer made since `shelf` was taken; one from older knowledge is not kept."""
        if self._shelves.get(shelf.knower.persona_id) is not shelf:
            return
        if knowledge_revision > shelf.knowledge_revision:
            self._empty(shelf)
            shelf.knowledge_revision = knowledge_revision
        elif knowledge_revision < shelf.knowledge_revision:
            return
        found = answer.status is AnswerStatus.ANSWERED
        until = self._clock() + (ANSWER_SECONDS if found else NOT_FOUND_SECONDS)
        key = (shelf.knower.persona_id, question)
        if key in self._entries:
            self._remove(key)
        size_bytes = answer.size_bytes + 4 * len(question) + 400
        if size_bytes > self.max_bytes:
            return
        self._entries[key] = _Entry(answer, until, size_bytes)
        shelf.questions.add(question)
        stats = self._of(shelf.knower.workspace_id)
        stats.entries += 1
        stats.size_bytes += size_bytes
        while self.size_bytes > self.max_bytes:
            self._remove(next(iter(self._entries)))

    @property
    def size_bytes(self) -> int:
        """How much all answers take."""
        return sum(stats.size_bytes for stats in self._stats.values())

    def drop(self, workspace_id: str, persona_id: UUID) -> None:
        """Drop every answer of a persona, and of those that inherit its knowledge."""
        self._of(workspace_id).changes += 1
        for shelf in list(self._shelves.values()):
            knower = shelf.knower
            if knower.workspace_id == workspace_id and (
                persona_id == knower.persona_id or persona_id in knower.lineage
            ):
                self._drop(shelf)

    def drop_all(self) -> None:
        """Drop every answer."""
        for shelf in list(self._shelves.values()):
            self._drop(shelf)

    def stats(self, workspace_id: str) -> CacheStats:
        """Return what is counted of a workspace."""
        return self._stats.get(workspace_id) or CacheStats()

    def _of(self, workspace_id: str) -> CacheStats:
        return self._stats.setdefault(workspace_id, CacheStats())

    def _drop(self, shelf: Shelf) -> None:
        self._empty(shelf)
        del self._shelves[shelf.knower.persona_id]

    def _empty(self, shelf: Shelf) -> None:
        self._of(shelf.knower.workspace_id).dropped += len(shelf.questions)
        for question in list(shelf.questions):
            self._remove((shelf.knower.persona_id, question))

    def _remove(self, key: tuple[UUID, str]) -> None:
        entry, shelf = self._entries.pop(key), self._shelves[key[0]]
        shelf.questions.discard(key[1])
        stats = self._of(shelf.knower.workspace_id)
        stats.entries -= 1
        stats.size_bytes -= entry.size_bytes
