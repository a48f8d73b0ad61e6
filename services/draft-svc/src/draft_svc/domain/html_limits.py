"""Keeps hostile HTML cheap: for each end tag libxml2 searches all elements that are open.

What a mail program writes stays as it is: none nests so deep, and parsers ignore an end tag without
its start tag anyway.
"""

import re
from collections import Counter

MANY_TAGS = 5_000
"""Fewer cannot cost much."""
MAX_DEPTH = 500
"""How many elements may be open at once, but for those whose end tag may be left out."""

_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/<>]{0,40}+)[^<>]*+>")
_UNCOUNTED = re.compile(
    r"area|base|br|col|embed|hr|img|input|link|meta|param|source|track|wbr"
    r"|p|d[dt]|t[rdh]|thead|tbody|tfoot|colgroup|option"
)
"""Those that hold nothing, and those whose end tag may be left out."""


def within_limits(html: str) -> str:
    """Return `html` without end tags of what is not open, and without starts below MAX_DEPTH."""
    if html.count("<") < MANY_TAGS:
        return html
    open_: Counter[str] = Counter()
    depth = 0

    def kept(tag: re.Match[str]) -> str:
        nonlocal depth
        name = tag[2].lower()
        if _UNCOUNTED.fullmatch(name):
            return tag[0]
        if tag[1]:
            if not open_[name]:
                return ""
            open_[name] -= 1
            depth -= 1
        elif depth == MAX_DEPTH:
            return ""
        else:
            open_[name] += 1
            depth += 1
        return tag[0]

    return _TAG.sub(kept, html)
