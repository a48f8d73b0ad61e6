"""Sentences of files, word for word, each of which stands in one place only."""

import re
from hashlib import sha256

from corpus import plain
from ingest_svc.adapters.extraction.kinds import sniff
from ingest_svc.adapters.extraction.reading import read_parts
from ingest_svc.domain.quotation import Quotation

_SENTENCE = re.compile(r"(?<=[.!?] )[^\W\d_][^.!?]{40,220}[.!?](?= )")


def parts_of(path):
    """Return the text of each part of a file: of a page, a sheet, or a section."""
    return [part.text for part in read_parts(path, sniff(path, path.name)).parts]


def sentences(files, count):
    """Return up to `count` sentences of each file as (name, sentence), on one line each.

    They are chosen by their hash: always the same ones, from all over the file.

    `files` has the parts of each file by its name.
    """
    whole = {name: plain("".join(parts)) for name, parts in files.items()}
    chosen = []
    for name, parts in files.items():
        joined = re.sub(r"(\w)-\s*\n\s*(?=\w)", r"\1", " ".join(parts))
        candidates = _SENTENCE.findall(" ".join(joined.split()))
        candidates.sort(key=lambda one: sha256(one.encode()).digest())
        unique = [
            one for one in candidates if sum(text.count(plain(one)) for text in whole.values()) == 1
        ]
        chosen += [(name, one) for one in unique[:count]]
    return chosen


def holds(passage, sentence):
    """Return whether a passage has a sentence, or the half of it on its side of a border."""
    text, looked_for = plain(passage), plain(sentence)
    half = len(looked_for) // 2
    return looked_for[:half] in text or looked_for[half:] in text


def best_first(hits, texts, query):
    """Return the numbers of the hits' passages, as a search orders them."""
    quotation = Quotation(query)
    lifted = {hit.number: quotation.lift(hit.score, texts[hit.number]) for hit in hits}
    return sorted(lifted, key=lifted.__getitem__, reverse=True)
