"""A persona as others see it: inheritance flattened, prompts compiled."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from operator import attrgetter
from typing import Any, Final, TypeVar
from uuid import UUID

from persona_svc.domain.persona import Persona, PersonaFields, utc_text
from persona_svc.domain.prompts import (
    Prompts,
    Section,
    compile_prompts,
    count_tokens,
    require_size,
    section,
)
from persona_svc.domain.voice import ModelSettings, Voice

ValueT = TypeVar("ValueT")

DEFAULT_NAME: Final = "Default Persona"
"""The label of a persona made from settings; nobody signs with it."""

TEXTS: Final = (
    "persona_name",
    "display_name",
    "description",
    "tone",
    "greeting",
    "sms_greeting",
    "signature",
    "goals",
    "service_description",
    "language",
)
"""The texts of which null takes the nearest ancestor's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledPersona:
    """One persona, ready to use, with the fields of the contract's ResolvedPersona.

    `name` and `is_active` are always its own. `inherited_from` names the ancestor that gave a
    field (`tone`, `model.temperature`; `content` when it has none itself); `lineage` are its
    ancestors, nearest first. `updated_at` is the newest among it and its ancestors. `tokens` is
    the size per part; it is not part of the contract.
    """

    persona_id: UUID
    name: str
    is_active: bool
    persona_name: str | None
    display_name: str | None
    description: str | None
    tone: str | None
    greeting: str | None
    sms_greeting: str | None
    signature: str | None
    goals: str | None
    service_description: str | None
    content: str
    prompts: Prompts
    prompt_sources: Mapping[str, str]
    named_prompts: Mapping[str, str]
    model: ModelSettings
    voice: Voice | None
    language: str | None
    cite_sources: bool
    inherited_from: Mapping[str, UUID]
    lineage: tuple[UUID, ...]
    version: int
    revision: int
    updated_at: datetime
    tokens: Mapping[str, int]

    def as_dict(self) -> dict[str, Any]:
        """Return what ResolvedPersona validates, as plain values ready for JSON."""
        texts = {name: getattr(self, name) for name in TEXTS}
        return {
            "persona_id": str(self.persona_id),
            "name": self.name,
            "is_active": self.is_active,
            **texts,
            "content": self.content,
            "prompts": {
                "system": self.prompts.system,
                "rag": self.prompts.rag,
                "user": self.prompts.user,
            },
            "prompt_sources": dict(self.prompt_sources),
            "named_prompts": dict(self.named_prompts),
            "model": self.model.as_dict(),
            "voice": None if self.voice is None else self.voice.as_dict(),
            "cite_sources": self.cite_sources,
            "inherited_from": {name: str(giver) for name, giver in self.inherited_from.items()},
            "lineage": [str(persona_id) for persona_id in self.lineage],
            "version": self.version,
            "revision": self.revision,
            "updated_at": utc_text(self.updated_at),
        }


def compile_persona(line: Sequence[Persona]) -> CompiledPersona:
    """Return the first of `line`, completed by the others: its ancestors, nearest first.

    Field by field null takes the nearest ancestor's value, of `model` part by part; a voice is
    taken whole, because its settings are tuned for it, but for `enabled`: an ancestor's agent is
    the ancestor's alone. Contents are joined, the eldest first, each
    with a comment about where it is from (none if all of it is the persona's own). Inactive
    ancestors give like active ones.

    Raises:
        PersonaTooLongError: compiled it would take more than 8,000 tokens.
    """
    persona, *ancestors = line
    inherited = _Inherited(line)
    texts: dict[str, Any] = {name: inherited.nearest(name, attrgetter(name)) for name in TEXTS}
    contents = _contents(line)
    inherited.nearest("content", lambda own: own.content)
    sections = [*_character(persona.fields.name, texts), *_instructions(contents)]
    prompts = compile_prompts(
        sections,
        rag=inherited.nearest("rag_prompt", attrgetter("rag_prompt")),
        user=inherited.nearest("user_prompt", attrgetter("user_prompt")),
    )
    tokens = count_tokens(sections, prompts)
    require_size(persona.fields.name, tokens)
    return CompiledPersona(
        persona_id=persona.persona_id,
        name=persona.fields.name,
        is_active=persona.fields.is_active,
        **texts,
        content="\n\n".join(item.text for item in contents),
        prompts=prompts,
        prompt_sources={layer: inherited.source(field) for layer, field in _LAYERS.items()},
        named_prompts=_named_prompts(line, inherited),
        model=ModelSettings(
            name=inherited.nearest("model.name", lambda own: own.model.name),
            temperature=inherited.nearest("model.temperature", lambda own: own.model.temperature),
            max_tokens=inherited.nearest("model.max_tokens", lambda own: own.model.max_tokens),
        ),
        voice=_voice(line, inherited),
        cite_sources=inherited.nearest("cite_sources", lambda own: own.cite_sources) or False,
        inherited_from=inherited.givers,
        lineage=tuple(ancestor.persona_id for ancestor in ancestors),
        version=persona.version,
        revision=persona.revision,
        updated_at=max(item.updated_at for item in line),
        tokens=tokens,
    )


def _voice(line: Sequence[Persona], inherited: "_Inherited") -> Voice | None:
    voice = inherited.nearest("voice", lambda own: own.voice)
    if voice is None or line[0].fields.voice is not None:
        return voice
    return replace(voice, enabled=False)


def _named_prompts(line: Sequence[Persona], inherited: "_Inherited") -> dict[str, str]:
    names = {name for item in line for name in item.fields.named_prompts or {}}
    nearest = {
        name: inherited.nearest(
            f"named_prompts.{name}", lambda own, name=name: (own.named_prompts or {}).get(name)
        )
        for name in sorted(names)
    }
    return {name: text for name, text in nearest.items() if text is not None}


_LAYERS: Final = {"system": "content", "rag": "rag_prompt", "user": "user_prompt"}
"""The field that each layer is written in."""


class _Inherited:
    """Takes values from the nearest of a line, and remembers which ancestor gave them."""

    def __init__(self, line: Sequence[Persona]) -> None:
        self.givers: dict[str, UUID] = {}
        self._line = line

    def nearest(self, field: str, read: Callable[[PersonaFields], ValueT | None]) -> ValueT | None:
        for persona in self._line:
            value = read(persona.fields)
            if value is not None:
                if persona is not self._line[0]:
                    self.givers[field] = persona.persona_id
                return value
        return None

    def source(self, field: str) -> str:
        """Return where the value of a field that was taken is from: own, inherited or built_in."""
        if field in self.givers:
            return "inherited"
        return "built_in" if getattr(self._line[0].fields, field) is None else "own"


def _contents(line: Sequence[Persona]) -> list[Section]:
    contents = [(item, item.fields.content) for item in reversed(line)]
    written = [(item, content) for item, content in contents if content is not None]
    if all(item is line[0] for item, _ in written):
        return [Section("content", content) for _, content in written]
    return [
        Section(
            "content" if item is line[0] else f"content of {item.fields.name}",
            f"{_provenance(item)}\n{content}",
        )
        for item, content in written
    ]


def _provenance(persona: Persona) -> str:
    # Two hyphens would end the comment (HTML, section 13.1.6).
    name = re.sub(r"-(?=-)", "- ", persona.fields.name)
    return f"<!-- from persona: {name} ({persona.persona_id}) -->"


def _character(name: str, texts: Mapping[str, str | None]) -> list[Section]:
    sender = texts["persona_name"] or (None if name == DEFAULT_NAME else name)
    identity = f"You write as {sender}." if sender else "You write on behalf of the company."
    if language := texts["language"]:
        identity += f" Write in the language with the tag {language}."
    return [
        *section("identity", "Who you are", identity),
        *section("tone", "Tone", texts["tone"]),
        *section("goals", "Goals", texts["goals"]),
        *section("service_description", "What the company offers", texts["service_description"]),
    ]


def _instructions(contents: Sequence[Section]) -> list[Section]:
    if not contents:
        return []
    first, *others = contents
    return [*section(first.part, "Instructions", first.text), *others]
