"""Which lines of a text a rule is about, found by one search of the whole text.

A call per line costs more than its rule where a mail has thousands of very short lines.
"""

import re
from collections.abc import Iterator, Sequence


def lines_with(pattern: re.Pattern[str], lines: Sequence[str]) -> Iterator[int]:
    """Yield the numbers of the lines that `pattern` is found in, each once, in order.

    Args:
        pattern: finds nothing that spans lines.
        lines: have no line feeds.
    """
    text = "\n".join(lines)
    number, at, told = 0, 0, -1
    for found in pattern.finditer(text):
        number += text.count("\n", at, found.start())
        at = found.start()
        if number != told:
            told = number
            yield number
