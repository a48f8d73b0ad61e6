"""Who inherits from whom among the personas of a workspace, and what follows from it."""

from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID

from service_kit.errors import ConflictError, FieldError, InvalidError

from persona_svc.domain.compiled import CompiledPersona, compile_persona
from persona_svc.domain.persona import Persona

MAX_ANCESTORS: Final = 5
MAX_DESCENDANTS: Final = 200


class ParentNotFoundError(InvalidError):
    """The parent is not a persona of this workspace."""

    slug = "parent-not-found"


class ParentGoneError(ConflictError):
    """The persona inherits from one that is deleted."""

    slug = "persona-parent-gone"


class PersonaHasChildrenError(ConflictError):
    """Other personas inherit from this one."""

    slug = "persona-has-children"


class InheritanceCycleError(InvalidError):
    """A persona cannot inherit from itself."""

    slug = "inheritance-cycle"


class InheritanceTooDeepError(InvalidError):
    """A persona may have up to 5 ancestors."""

    slug = "inheritance-too-deep"


class TooManyDescendantsError(InvalidError):
    """A persona may have up to 200 descendants."""

    slug = "too-many-descendants"


class Family:
    """Personas of one workspace, found by id, parent and child.

    It needs all those of which a question is asked: their ancestors for `line`, the whole tree
    (every descendant of the eldest ancestor) for `compile_with_descendants`.
    """

    def __init__(self, personas: Iterable[Persona]) -> None:
        self._personas = {persona.persona_id: persona for persona in personas}
        self._children: dict[UUID, list[Persona]] = {}
        for persona in self._personas.values():
            if persona.fields.parent_id is not None:
                self._children.setdefault(persona.fields.parent_id, []).append(persona)

    def having(self, persona: Persona) -> "Family":
        """Return the family with this persona in the place of the one with its id."""
        return Family((self._personas | {persona.persona_id: persona}).values())

    def children(self, persona_id: UUID) -> Sequence[Persona]:
        """Return the personas that have this one as their parent."""
        return tuple(self._children.get(persona_id, ()))

    def descendants(self, persona_id: UUID) -> list[Persona]:
        """Return its children, then theirs, and so on; the line above it must have no cycle."""
        found = list(self.children(persona_id))
        for persona in found:
            found.extend(self.children(persona.persona_id))
        return found

    def line(self, persona_id: UUID) -> tuple[Persona, ...]:
        """Return the persona and its ancestors, nearest first.

        Raises:
            ParentNotFoundError: a parent is missing.
            InheritanceCycleError: with the path, as names in the text and as ids in `path`.
            InheritanceTooDeepError: more than 5 ancestors.
        """
        line = {persona_id: self._personas[persona_id]}
        while (parent_id := next(reversed(line.values())).fields.parent_id) is not None:
            if parent_id in line:
                raise _cycle([*line.values(), line[parent_id]])
            if parent_id not in self._personas:
                raise _refused(ParentNotFoundError, f"there is no persona {parent_id} here")
            line[parent_id] = self._personas[parent_id]
        if len(line) > MAX_ANCESTORS + 1:
            names = " > ".join(persona.fields.name for persona in line.values())
            message = f"gives {len(line) - 1} ancestors, {MAX_ANCESTORS} are allowed: {names}"
            raise _refused(InheritanceTooDeepError, message)
        return tuple(line.values())

    def compile(self, persona_id: UUID) -> CompiledPersona:
        """Return the persona with what it inherits.

        Raises:
            InvalidError: as `line` and `compile_persona`.
        """
        return compile_persona(self.line(persona_id))

    def compile_with_descendants(self, persona_id: UUID) -> list[CompiledPersona]:
        """Return the persona and all its descendants, itself first.

        Ask this of the family as it would be after a change: it refuses what must not be stored.

        Raises:
            TooManyDescendantsError: the eldest ancestor would have more than 200 descendants.
            InvalidError: as `compile`; the text names the persona that would break the rule.
        """
        *_, eldest = self.line(persona_id)
        count = len(self.descendants(eldest.persona_id))
        if count > MAX_DESCENDANTS:
            name = eldest.fields.name
            message = f'gives "{name}" {count} descendants, {MAX_DESCENDANTS} are allowed'
            raise _refused(TooManyDescendantsError, message)
        family = [self._personas[persona_id], *self.descendants(persona_id)]
        return [self.compile(persona.persona_id) for persona in family]


def _cycle(path: Sequence[Persona]) -> InheritanceCycleError:
    names = " > ".join(persona.fields.name for persona in path)
    message = f"makes a circle: {names}"
    return InheritanceCycleError(
        f"parent_id: {message}",
        errors=[FieldError("parent_id", message)],
        extra={"path": [str(persona.persona_id) for persona in path]},
    )


def _refused(kind: type[InvalidError], message: str) -> InvalidError:
    return kind(f"parent_id: {message}", errors=[FieldError("parent_id", message)])
