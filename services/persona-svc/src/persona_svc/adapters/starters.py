"""The archetypes that ship with the service: personas to start from, as Markdown files (A35)."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from persona_svc.domain.markdown import PersonaFile, from_markdown


@dataclass(frozen=True, slots=True, kw_only=True)
class Starter:
    """One archetype: its id, the text of its file, and the persona in it."""

    starter_id: str
    text: str
    persona: PersonaFile


@cache
def starters() -> dict[str, Starter]:
    """Return all archetypes by id, in the order of their ids."""
    folder = files("persona_svc") / "starters"
    texts = {
        item.name.removesuffix(".md"): item.read_text(encoding="utf-8")
        for item in sorted(folder.iterdir(), key=lambda item: item.name)
    }
    return {
        starter_id: Starter(starter_id=starter_id, text=text, persona=from_markdown(text))
        for starter_id, text in texts.items()
    }
