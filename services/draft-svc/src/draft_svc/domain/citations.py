"""Which passages an answer used: the model says so on its last line, and nowhere else."""

import re

CITATION_LINE = "Passages used:"

_MARKS = re.compile(r" ?\[(?:passages? )?(?P<numbers>\d{1,3}(?:\s*,\s*\d{1,3})*)\]", re.IGNORECASE)
_NUMBER = re.compile(r"\d{1,3}")


def split_citations(text: str, passage_count: int) -> tuple[str, tuple[int, ...]]:
    """Return the text without citations, and the numbers of the passages it cites, ascending.

    Numbers of passages that were not given are dropped from the line; a mark in the text, such as
    `[2]`, is only taken for a citation if there are such passages.
    """
    cited: set[int] = set()
    above, _, last_line = text.rstrip().rpartition("\n")
    if last_line.strip(" *_").lower().startswith(CITATION_LINE.lower()):
        cited.update(map(int, _NUMBER.findall(last_line)))
        text = above

    def take(mark: re.Match[str]) -> str:
        numbers = set(map(int, _NUMBER.findall(mark["numbers"])))
        if not all(1 <= number <= passage_count for number in numbers):
            return mark[0]
        cited.update(numbers)
        return ""

    text = _MARKS.sub(take, text)
    return text.rstrip(), tuple(sorted(n for n in cited if 1 <= n <= passage_count))
