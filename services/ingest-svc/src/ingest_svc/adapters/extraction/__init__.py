"""Reads one file in a process of its own: `python -m ingest_svc.adapters.extraction`.

Parsers of other people's files may take all memory, hang, or crash: nothing else is here to lose.
"""
