"""PDF: text and the values of forms, page by page, with PDFium."""

from collections.abc import Iterator
from pathlib import Path

import pypdfium2

from ingest_svc.adapters.extraction.parts import MAX_CHARS, MAX_PAGES, Part, Parts
from ingest_svc.adapters.extraction.pdf_forms import form_lines
from ingest_svc.domain.failure import FailureCode, FileFailedError

_LINE_BREAK_HYPHEN = "\ufffe"


def read_pdf(path: Path) -> Parts:
    """Return the pages; pages that cannot be read are empty.

    Raises:
        FileFailedError: encrypted, corrupted, or too many pages.
    """
    try:
        document = pypdfium2.PdfDocument(path)
        if document.get_formtype() != pypdfium2.raw.FORMTYPE_NONE:
            document.init_forms()  # pyright: ignore[reportUnknownMemberType] — it names no type
    except pypdfium2.PdfiumError as error:
        is_locked = "password" in str(error).lower()
        code = FailureCode.ENCRYPTED if is_locked else FailureCode.CORRUPTED
        raise FileFailedError(code) from error
    pages = len(document)
    if pages == 0:
        raise FileFailedError(FailureCode.CORRUPTED, "It has no pages.")
    if pages > MAX_PAGES:
        raise FileFailedError(FailureCode.TOO_MANY_PAGES)
    return Parts(_pages(document), pages, FailureCode.NO_TEXT)


def _pages(document: pypdfium2.PdfDocument) -> Iterator[Part]:
    chars = 0
    for index in range(len(document)):
        text = _text(document, index)
        chars += len(text)
        if chars > MAX_CHARS:
            raise FileFailedError(FailureCode.TOO_LARGE, "It has more than 20 million characters.")
        yield Part(text=text, page=index + 1)


def _text(document: pypdfium2.PdfDocument, index: int) -> str:
    try:
        page = document[index]
        text = page.get_textpage().get_text_range()
        fields = "\n".join(form_lines(document, page))
        page.close()
    except pypdfium2.PdfiumError:
        return ""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = f"{text}\n\n{fields}" if fields else text
    return text.replace(f"{_LINE_BREAK_HYPHEN}\n", "").replace(_LINE_BREAK_HYPHEN, "")
