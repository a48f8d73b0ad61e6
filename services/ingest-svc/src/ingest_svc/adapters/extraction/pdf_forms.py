"""What was typed into and chosen in the form of a PDF, with PDFium."""

import ctypes
from collections.abc import Callable, Iterator
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium

HIDDEN = pdfium.FPDF_ANNOT_FLAG_HIDDEN | pdfium.FPDF_ANNOT_FLAG_NOVIEW
PASSWORD = 1 << 13
"""The field's flag (ISO 32000-1, table 228)."""
MAX_FIELDS = 10_000
"""Of one page."""
MAX_VALUE_BYTES = 2_000_000

_TYPED = frozenset(
    {
        pdfium.FPDF_FORMFIELD_TEXTFIELD,
        pdfium.FPDF_FORMFIELD_COMBOBOX,
        pdfium.FPDF_FORMFIELD_LISTBOX,
    }
)
_TICKED = frozenset({pdfium.FPDF_FORMFIELD_CHECKBOX, pdfium.FPDF_FORMFIELD_RADIOBUTTON})


def form_lines(document: pypdfium2.PdfDocument, page: pypdfium2.PdfPage) -> Iterator[str]:
    """Yield `name: value` for each visible field of a page that has a value."""
    form = document.formenv
    if form is None:
        return
    for number in range(min(pdfium.FPDFPage_GetAnnotCount(page), MAX_FIELDS)):
        field = pdfium.FPDFPage_GetAnnot(page, number)
        if not field:
            continue
        try:
            if pdfium.FPDFAnnot_GetSubtype(field) == pdfium.FPDF_ANNOT_WIDGET:
                yield from _line(form, field)
        finally:
            pdfium.FPDFPage_CloseAnnot(field)


def _line(form: Any, field: Any) -> Iterator[str]:  # noqa: ANN401 — pointers of PDFium
    is_hidden = pdfium.FPDFAnnot_GetFlags(field) & HIDDEN
    if is_hidden or pdfium.FPDFAnnot_GetFormFieldFlags(form, field) & PASSWORD:
        return
    kind = pdfium.FPDFAnnot_GetFormFieldType(form, field)
    value = ""
    if kind in _TYPED:
        value = _text(pdfium.FPDFAnnot_GetFormFieldValue, form, field)
    elif kind in _TICKED and pdfium.FPDFAnnot_IsChecked(form, field):
        value = _text(pdfium.FPDFAnnot_GetFormFieldExportValue, form, field) or "Yes"
    if not value:
        return
    label = _text(pdfium.FPDFAnnot_GetFormFieldAlternateName, form, field)
    label = label or _text(pdfium.FPDFAnnot_GetFormFieldName, form, field)
    yield f"{label}: {value}" if label else value


def _text(ask: Callable[..., int], form: Any, field: Any) -> str:  # noqa: ANN401 — pointers of PDFium
    """Return a text that PDFium writes into a buffer of the size that it asks for."""
    size = min(ask(form, field, None, 0), MAX_VALUE_BYTES)
    buffer = ctypes.create_string_buffer(size + 2)
    ask(form, field, ctypes.cast(buffer, ctypes.POINTER(pdfium.FPDF_WCHAR)), size)
    text = buffer.raw[:size].decode("utf-16-le", errors="replace").partition("\0")[0]
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()
