"""Files that people have of a persona, told apart by what they hold, whatever they are called."""

from service_kit.errors import FieldError, InvalidError

from persona_svc.domain.character_card import card_of_png, from_card
from persona_svc.domain.front_matter import PersonaFileError
from persona_svc.domain.markdown import MAX_FILE_BYTES, PersonaFile, from_any_markdown
from persona_svc.domain.png_text import SIGNATURE


class FileUnreadableError(InvalidError):
    """The file must be Markdown in UTF-8, or a character card."""

    slug = "persona-file-unreadable"


def read_import(body: bytes, name: str | None = None) -> PersonaFile:
    """Return the persona of Markdown, of a character card as JSON, or of one within a PNG.

    Args:
        body: the file.
        name: what to call it, instead of what the file says.

    Raises:
        FileUnreadableError: it is none of these.
        PersonaFileError: it is too large or damaged, or holds no persona.
        InvalidPersonaError: with everything that breaks a rule for personas.
    """
    if body.startswith(SIGNATURE):
        return from_card(card_of_png(body), name)
    if body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return from_card(body, name)
    if len(body) > MAX_FILE_BYTES:
        raise PersonaFileError(f"the file has more than {MAX_FILE_BYTES:,} bytes: shorten it")
    try:
        return from_any_markdown(body.decode("utf-8-sig"), name)
    except UnicodeDecodeError:
        hint = FieldError("body", "must be text in UTF-8, or a PNG")
        raise FileUnreadableError("The file is not UTF-8.", errors=[hint]) from None
