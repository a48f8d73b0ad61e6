"""Text as a person sees it: no control characters, no invisible ones, one kind of line end."""

import re

_LINE_END = re.compile(r"\r\n|[\r\v\f\x85\u2028\u2029]")
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f"
    "\ud800-\udfff\ufeff\ufff9-\ufffb\U000e0000-\U000e01ef]"
)
"""Control characters, lone surrogates, and characters that are not drawn and can hide words:
zero-width and direction marks, tags, supplementary variation selectors. The joiners U+200C and
U+200D stay: Persian and emoji need them."""
_SEEN_ASCII = {**dict.fromkeys([*range(32), 127]), 9: 9, **dict.fromkeys([10, 11, 12, 13], 10)}
_SPACE = re.compile(r"[\xa0\u2000-\u200a\u202f\u205f\u3000]")


def plain_text(text: str) -> str:
    """Return `text` with line feeds and plain spaces, without invisible characters."""
    if text.isascii():
        return text.replace("\r\n", "\n").translate(_SEEN_ASCII)
    return _SPACE.sub(" ", _UNSEEN.sub("", _LINE_END.sub("\n", text)))
