"""Why a file cannot become knowledge: a code, a sentence that a person understands, a hint."""

from dataclasses import dataclass
from enum import StrEnum

from service_kit.errors import ServiceError

MAX_FAILURE_CHARS = 500
"""Of what is stored and shown (C82); the log has the rest."""


class FailureCode(StrEnum):
    """What went wrong with a file; the values are part of the API and may grow."""

    EMPTY = "empty"
    CORRUPTED = "corrupted"
    ENCRYPTED = "encrypted"
    NO_TEXT = "no_text"
    UNSUPPORTED = "unsupported"
    TOO_LARGE = "too_large"
    TOO_MANY_PAGES = "too_many_pages"
    TOO_COMPLEX = "too_complex"
    TIMEOUT = "timeout"
    FETCH_REFUSED = "fetch_refused"
    FETCH_FAILED = "fetch_failed"
    CHECKSUM_MISMATCH = "checksum_mismatch"
    EMBEDDING_FAILED = "embedding_failed"
    PERSONA_UNKNOWN = "persona_unknown"
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a person is told about a code."""

    title: str
    hint: str


EXPLANATIONS: dict[FailureCode, Explanation] = {
    FailureCode.EMPTY: Explanation("The file is empty.", "Upload a file that has content."),
    FailureCode.CORRUPTED: Explanation(
        "Invalid or corrupted file: it cannot be read as what it says it is.",
        "Open it in the program it came from, save it again, and upload that.",
    ),
    FailureCode.ENCRYPTED: Explanation(
        "The file is protected by a password.", "Remove the password and upload it again."
    ),
    FailureCode.NO_TEXT: Explanation(
        "The file has no text that can be read; it may be a scan.",
        "Run text recognition (OCR) over it and upload the result.",
    ),
    FailureCode.UNSUPPORTED: Explanation(
        "This kind of file is not supported.",
        "Upload a PDF, DOCX, PPTX, XLSX, RTF, HTML, Markdown, text, CSV or EML file.",
    ),
    FailureCode.TOO_LARGE: Explanation(
        "The file is too large: at most 50 MB, and 300 MB once unpacked.",
        "Split it into smaller files.",
    ),
    FailureCode.TOO_MANY_PAGES: Explanation(
        "The file has more than 5,000 pages.", "Split it into smaller files."
    ),
    FailureCode.TOO_COMPLEX: Explanation(
        "The file needs more memory or processor time than one file may take.",
        "Save it in a simpler form, such as PDF or plain text, and upload that.",
    ),
    FailureCode.TIMEOUT: Explanation(
        "Reading the file took too long.",
        "Split it into smaller files, or save it in a simpler form.",
    ),
    FailureCode.FETCH_REFUSED: Explanation(
        "The file's address is not one that may be fetched.",
        "Use an allowed host or bucket, or upload the file itself.",
    ),
    FailureCode.FETCH_FAILED: Explanation(
        "The file could not be fetched from its address.",
        "Check that the address still answers, then try again.",
    ),
    FailureCode.CHECKSUM_MISMATCH: Explanation(
        "The file that was fetched is not the one that was announced (its sha256 differs).",
        "Announce the file again with the checksum of what stands at its address.",
    ),
    FailureCode.EMBEDDING_FAILED: Explanation(
        "The AI service that makes the file searchable by meaning fails; words still find it.",
        "Try again when it works.",
    ),
    FailureCode.PERSONA_UNKNOWN: Explanation(
        "There is no such persona in this workspace.", "Announce the file for another persona."
    ),
    FailureCode.INTERNAL: Explanation(
        "An unexpected error: the service's log has it.", "Try again, then ask your operator."
    ),
}


class FileFailedError(ServiceError):
    """The file cannot become knowledge."""

    slug = "file-failed"

    def __init__(self, code: FailureCode, detail: str = "") -> None:
        """Take the code and what is particular to this file: one sentence, no path, no content."""
        super().__init__(detail)
        self.code = code

    def as_dict(self) -> dict[str, str]:
        """Return what is stored and shown, at most MAX_FAILURE_CHARS in all."""
        explanation = EXPLANATIONS[self.code]
        room = MAX_FAILURE_CHARS - len(explanation.title) - len(explanation.hint) - 2
        detail = str(self)
        if len(detail) > room:
            detail = detail[: room - 1] + "…"
        return {
            "code": self.code.value,
            "title": explanation.title,
            "detail": " ".join(part for part in (detail, explanation.hint) if part),
        }
