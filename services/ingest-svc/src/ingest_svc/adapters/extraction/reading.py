"""Which parser reads a kind of file; parsers are only loaded when they are needed."""

from pathlib import Path

from ingest_svc.adapters.extraction.parts import Parts


def read_parts(path: Path, kind: str) -> Parts:
    """Return the parts of a file of this kind.

    Raises:
        FileFailedError: it cannot be read (also while the parts are iterated).
    """
    if kind == "pdf":
        from ingest_svc.adapters.extraction.pdf import read_pdf  # noqa: PLC0415

        return read_pdf(path)
    if kind == "xlsx":
        from ingest_svc.adapters.extraction.sheets import read_sheets  # noqa: PLC0415

        return read_sheets(path)
    if kind in {"docx", "pptx", "html", "eml"}:
        from ingest_svc.adapters.extraction.office import read_office  # noqa: PLC0415

        return read_office(path, kind)
    if kind == "rtf":
        from ingest_svc.adapters.extraction.rtf import read_rtf  # noqa: PLC0415

        return read_rtf(path)
    from ingest_svc.adapters.extraction.plain import read_plain  # noqa: PLC0415

    return read_plain(path, kind)
