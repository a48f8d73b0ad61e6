"""The corpus of real documents, where it is there."""

import json
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[3].parent / "shared" / "data" / "corpus"
needs_corpus = pytest.mark.skipif(
    not FOLDER.is_dir(), reason="../shared/data/corpus is not there: no real documents to read"
)
OK = {
    "R-exts.pdf": ("pdf", 236),
    "R-intro.pdf": ("pdf", 113),
    "csv-comma.csv": ("csv", None),
    "docx-tables.docx": ("docx", 1),
    "example-10k-1p.html": ("html", None),
    "fake-email-attachment.eml": ("eml", None),
    "fake-power-point-many-pages.pptx": ("pptx", 2),
    "fake-text-utf-16.txt": ("txt", None),
    "habibi.pdf": ("pdf", 1),
    "handbook-872p.docx": ("docx", 55),
    "imagemagick-images.pdf": ("pdf", 6),
    "mime-different-plain-html.eml": ("eml", None),
    "multi_page.pdf": ("pdf", 5),
    "multicolumn.pdf": ("pdf", 3),
    "mvcc-intro.html": ("html", None),
    "pdflatex-4-pages.pdf": ("pdf", 4),
    "policy.pdf": ("pdf", 193),
    "powerpoint_sample.pptx": ("pptx", 3),
    "sql-select.html": ("html", None),
    "stanley-cups-utf-16.csv": ("csv", None),
    "stanley-cups.xlsx": ("xlsx", None),
    "user-manual.html": ("html", None),
    "wiki.md": ("md", None),
    "word_sample.docx": ("docx", 2),
    "xlsx_01.xlsx": ("xlsx", None),
}
"""Kind and pages of what can be read."""
BAD = {
    "REDHAT-1531897-0.pdf": "corrupted",
    "derived-blank.txt": "empty",
    "derived-docx-named.pdf": "corrupted",
    "derived-empty.pdf": "empty",
    "derived-truncated.docx": "corrupted",
    "derived-truncated.pdf": "corrupted",
    "libreoffice-writer-password.pdf": "encrypted",
    "poppler-395-0-fuzzed.pdf": "corrupted",
    "testEXCEL_protected_passtika.xlsx": "encrypted",
    "testWORD_protected_passtika.docx": "encrypted",
    "testWORD_truncated.docx": "corrupted",
}


def paths():
    return sorted((FOLDER / "files").iterdir())


def citations():
    """Return phrases with the one page that each stands on."""
    return json.loads((FOLDER / "citations.json").read_text())


def plain(text):
    """Return what two readers of a PDF agree on: no space or hyphen tells them apart."""
    return "".join(text.split()).replace("-", "").replace("\u00ad", "")
