"""Reads one file in its own process: `python -m ingest_svc.adapters.extraction`.

Parsers of other people's files may take all memory, hang, or crash: nothing else is here to lose.
"""
