"""Names that people give: equal if they look alike, and never turned around."""

import re
import unicodedata
from typing import Final

_UNSEEN: Final = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
"""Default_Ignorable_Code_Point of Unicode 16 (DerivedCoreProperties.txt), and Braille's blank."""
_TURNING: Final = re.compile("[\u202d\u202e]")
"""Overrides show text in an order that is not its own; marks and isolates do not."""


def name_key(name: str) -> str:
    """Return what must be unique: names that look the same have the same key.

    Upper and lower case, compatibility forms (Unicode NFKC), runs of space and invisible
    characters make no difference.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    seen = "".join(letter for letter in folded if unicodedata.category(letter) != "Cf")
    return unicodedata.normalize("NFKC", " ".join(_UNSEEN.sub("", seen).split()))


def turning_character(name: str) -> str | None:
    """Say which character of `name` shows the text after it in another order, if any."""
    found = _TURNING.search(name)
    if found is None:
        return None
    place = found.start() + 1
    return f"has U+{ord(found[0]):04X} at character {place}, which turns text around: remove it"
