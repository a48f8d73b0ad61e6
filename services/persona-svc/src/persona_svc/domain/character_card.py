"""Character cards, as programs for role play exchange them: V1, V2 and V3, JSON or within a PNG.

Sources: malfoyslastname/character-card-spec-v2, kwaroran/character-card-spec-v3.
"""

import json
import re
from base64 import b64decode
from collections.abc import Mapping
from typing import Any, Final, cast

from service_kit.templates import GREETING_TOKENS, Placeholder, parse

from persona_svc.domain.front_matter import PersonaFileError
from persona_svc.domain.markdown import Dropped, PersonaFile, told
from persona_svc.domain.metadata import (
    MAX_METADATA_BYTES,
    InvalidMetadataError,
    frozen_metadata,
    metadata_json,
)
from persona_svc.domain.persona import (
    LABEL_LIMITS,
    MAX_NAME_CHARS,
    TEXT_LIMITS,
    PersonaFields,
)
from persona_svc.domain.png_text import png_texts
from persona_svc.domain.prompt import MAX_CONTENT_BYTES

MAX_CARD_BYTES: Final = 1024 * 1024
"""Of its JSON: a card is mostly text, besides a lorebook."""
KEYWORDS: Final = ("ccv3", "chara")
"""Of a PNG's texts, the better one first."""
SECTIONS: Final = {
    "description": "Description",
    "personality": "Personality",
    "scenario": "Scenario",
    "system_prompt": "Instructions",
    "post_history_instructions": "Instructions before each answer",
    "mes_example": "Example conversations",
    "first_mes": "First message",
}
"""Texts of a card that become the persona's content, each under a heading, in this order."""
LEFT_OUT: Final = {
    "alternate_greetings": "a persona has one greeting",
    "group_only_greetings": "a persona has one greeting",
    "character_book": "knowledge is uploaded as files",
    "assets": "a persona has no pictures or sounds",
    "creator_notes_multilingual": "a persona has one description",
}
ORIGIN: Final = (
    "creator",
    "character_version",
    "tags",
    "source",
    "creation_date",
    "modification_date",
)
"""What is kept in the metadata as `character_card`."""
TEXTS: Final = ("name", "nickname", "creator_notes", *SECTIONS)
KNOWN: Final = frozenset({"extensions", *TEXTS, *ORIGIN})
ANY_LEAD: Final = "{firstName|there}"
"""What `{{user}}` is in a greeting."""
_SPEC: Final = re.compile(r"chara_card_v[0-9]+")
_MACRO: Final = re.compile(r"\{\{ *(char|user|original) *\}\}|<(BOT|USER)>", re.IGNORECASE)
_HALVES: Final = re.compile("[\ud800-\udfff]")
_LINE_BREAKS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def is_card(document: object) -> bool:
    """Return whether a JSON document is a character card."""
    if not isinstance(document, Mapping):
        return False
    card = cast("Mapping[str, object]", document)
    spec = card.get("spec")
    if isinstance(spec, str) and _SPEC.fullmatch(spec):
        return isinstance(card.get("data"), Mapping)
    return isinstance(card.get("name"), str) and not SECTIONS.keys().isdisjoint(card)  # V1


def card_of_png(image: bytes) -> bytes:
    """Return the JSON of the card in a PNG.

    Raises:
        PersonaFileError: it is no whole PNG, or holds no card.
    """
    texts = png_texts(image, set(KEYWORDS))
    text = next((texts[keyword] for keyword in KEYWORDS if keyword in texts), None)
    if text is None:
        raise PersonaFileError("the PNG holds no character card (a tEXt chunk `chara` or `ccv3`)")
    if len(text) > MAX_CARD_BYTES * 4 // 3 + 4:
        raise PersonaFileError(f"the card has more than {MAX_CARD_BYTES:,} bytes: shorten it")
    try:
        return b64decode(b"".join(text.split()), validate=True)
    except ValueError:
        raise PersonaFileError("the PNG's character card is not base64") from None


def from_card(body: bytes, name: str | None = None) -> PersonaFile:
    """Return the persona that a card's JSON describes, and what of the card it does not hold.

    Raises:
        PersonaFileError: larger than 1 MiB, no JSON, or no card.
        InvalidPersonaError: with everything that breaks a rule for personas.
    """
    document = read_card_json(body)
    if not is_card(document):
        raise PersonaFileError("the JSON is no character card: it has no `spec` and `data`")
    card = cast("Mapping[str, Any]", document)
    return _Reader(cast("Mapping[str, Any]", card.get("data", card)), card.get("spec")).file(name)


def read_card_json(body: bytes) -> object:
    """Return what a card's JSON holds.

    Raises:
        PersonaFileError: it is too large, or no JSON in UTF-8.
    """
    if len(body) > MAX_CARD_BYTES:
        raise PersonaFileError(f"the card has more than {MAX_CARD_BYTES:,} bytes: shorten it")
    try:
        return json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise PersonaFileError("the card is not JSON in UTF-8, or is nested too deep") from None


def to_card(file: PersonaFile) -> dict[str, Any]:
    """Return a V3 card of a persona; `from_card` gives its extensions back as they are here."""
    fields = file.fields
    values = fields.as_dict()
    metadata = values["metadata"]
    origin = metadata.get("character_card")
    known = cast("Mapping[str, Any]", origin if isinstance(origin, Mapping) else {})
    extensions = metadata.get("extensions")
    return {
        "spec": "chara_card_v3",
        "spec_version": "3.0",
        "data": {
            "creator": "",
            "character_version": "",
            "tags": [],
            **{key: known[key] for key in ORIGIN if key in known},
            "name": fields.name,
            "nickname": fields.persona_name or "",
            "description": fields.content or "",
            "personality": fields.tone or "",
            "scenario": "",
            "first_mes": (fields.greeting or "").replace(ANY_LEAD, "{{user}}"),
            "mes_example": "",
            "creator_notes": fields.description or "",
            "system_prompt": "",
            "post_history_instructions": "",
            "alternate_greetings": [],
            "group_only_greetings": [],
            "extensions": extensions if isinstance(extensions, Mapping) else {},
        },
    }


class _Reader:
    """Maps the data of one card, and remembers what has no place."""

    def __init__(self, data: Mapping[str, Any], spec: object) -> None:
        self._data = data
        self._spec = spec if isinstance(spec, str) else "chara_card_v1"
        self._dropped: list[Dropped] = []
        self._texts = {field: self._text(field) for field in TEXTS}

    def file(self, name: str | None) -> PersonaFile:
        """Return the persona, named `name` if it is given."""
        name = name or self._label("name", MAX_NAME_CHARS) or ""
        persona_name = self._label("nickname", LABEL_LIMITS["persona_name"])
        greeting = _greeting(self._texts["first_mes"], name)
        spoken = {field: _spoken(text, name, "the lead") for field, text in self._texts.items()}
        tone = spoken["personality"] if len(spoken["personality"]) <= TEXT_LIMITS["tone"] else ""
        placed = {"personality"} if tone else set[str]()
        placed |= {"first_mes"} if greeting else set()
        values = {
            "name": name,
            "persona_name": persona_name,
            "description": self._description(spoken["creator_notes"]),
            "tone": tone,
            "greeting": greeting,
            "content": self._content({key: spoken[key] for key in SECTIONS if key not in placed}),
            "metadata": self._metadata(),
        }
        self._tell_left_out()
        fields = PersonaFields.from_dict(values)
        return PersonaFile(fields=fields, parent_name=None, dropped=told(self._dropped))

    def _drop(self, field: str, reason: str) -> None:
        self._dropped.append(Dropped(field[:MAX_NAME_CHARS], reason))

    def _text(self, field: str) -> str:
        value = self._data.get(field)
        if isinstance(value, str):
            return _HALVES.sub("\ufffd", value.replace("\0", "")).strip()
        if value is not None:
            self._drop(field, "is no text")
        return ""

    def _label(self, field: str, limit: int) -> str:
        label = _LINE_BREAKS.sub(" ", self._texts[field]).strip()
        if len(label) > limit:
            self._drop(field, f"has {len(label):,} characters: the first {limit} are kept")
        return label[:limit].strip()

    def _description(self, text: str) -> str:
        if len(text) <= TEXT_LIMITS["description"]:
            return text
        self._drop("creator_notes", f"has {len(text):,} characters: a description has fewer")
        return ""

    def _content(self, texts: Mapping[str, str]) -> str:
        """Return the texts under their headings, as many as there is room for."""
        given = {field: text for field, text in texts.items() if text}
        if set(given) == {"description"} and len(given["description"].encode()) < MAX_CONTENT_BYTES:
            return given["description"]
        parts: list[str] = []
        left = MAX_CONTENT_BYTES
        for field, text in given.items():
            part = f"## {SECTIONS[field]}\n\n{text}"
            size = len(part.encode()) + 2
            if size > left:
                self._drop(field, f"takes {size:,} bytes: the content has room for {left:,}")
            else:
                parts.append(part)
                left -= size
        return "\n\n".join(parts)

    def _metadata(self) -> dict[str, Any]:
        origin = {key: self._data[key] for key in ORIGIN if key in self._data}
        left = MAX_METADATA_BYTES - len('{"character_card":{},"extensions":{}}')
        card, left = self._fitting("", {"spec": self._spec} | origin, left)
        given = self._data.get("extensions")
        if given is not None and not isinstance(given, Mapping):
            self._drop("extensions", "is no object")
        extensions = cast("Mapping[str, Any]", given if isinstance(given, Mapping) else {})
        kept, _ = self._fitting("extensions.", extensions, left)
        return {"character_card": card} | ({"extensions": kept} if kept else {})

    def _fitting(
        self, prefix: str, values: Mapping[str, Any], left: int
    ) -> tuple[dict[str, Any], int]:
        """Return the values that metadata can hold, and how many bytes are left."""
        kept: dict[str, Any] = {}
        for key, value in values.items():
            try:
                size = _metadata_bytes(key, value)
            except InvalidMetadataError as error:
                self._drop(f"{prefix}{key}", str(error))
                continue
            if size > left:
                self._drop(f"{prefix}{key}", f"takes {size:,} bytes: there is room for {left:,}")
                continue
            kept[key] = value
            left -= size
        return kept, left

    def _tell_left_out(self) -> None:
        for field, value in self._data.items():
            if field not in KNOWN and value not in (None, "", [], {}):
                self._drop(field, LEFT_OUT.get(field, "is not known"))


def _metadata_bytes(key: str, value: object) -> int:
    """Return what a member takes; raise InvalidMetadataError if it cannot stand there."""
    whole = frozen_metadata({"extensions": {key: value}})
    return len(metadata_json(whole).encode()) - len('{"extensions":{}}') + 1


def _spoken(text: str, char: str, user: str) -> str:
    """Return `text` with what the macros of cards stand for."""
    words = {"char": char, "bot": char, "user": user, "original": ""}
    return _MACRO.sub(lambda macro: words[(macro[1] or macro[2]).lower()], text).strip()


def _greeting(first_message: str, name: str) -> str:
    """Return the first message, if it can greet a lead; else nothing."""
    text = _spoken(first_message, name, ANY_LEAD)
    if len(text) > TEXT_LIMITS["greeting"]:
        return ""
    pieces = parse(text, GREETING_TOKENS)
    return "" if any(isinstance(piece, Placeholder) for piece in pieces) else text
