"""Checks that go on after a mistake, so that everything wrong with an input is reported at once."""

import re
import unicodedata
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final, TypeVar, cast
from uuid import UUID

from service_kit.errors import FieldError, InvalidError

PartT = TypeVar("PartT")

MAX_QUOTED_CHARS: Final = 80
_LINE_BREAKING: Final = {"Cc", "Zl", "Zp"}
_UNSTORABLE: Final = re.compile("[\0\ud800-\udfff]")


class Checks:
    """Takes the values of an input one by one, returns each clean, and remembers what is wrong.

    Of a refused value nothing is returned (None); `raise_as` tells about all of them.
    """

    def __init__(self) -> None:
        self._errors: list[FieldError] = []

    def refuse(self, field: str, message: str) -> None:
        """Remember that `field` is wrong; `message` goes on after the field's name."""
        self._errors.append(FieldError(field, message))

    def raise_as(self, kind: type[InvalidError]) -> None:
        """Raise one `kind` with everything that was refused; nothing if nothing was."""
        if self._errors:
            raise self._error(kind)

    def result(self, kind: type[InvalidError], built: PartT | None) -> PartT:
        """Return what was built; raise one `kind` with everything that was refused."""
        if self._errors or built is None:
            raise self._error(kind)
        return built

    def _error(self, kind: type[InvalidError]) -> InvalidError:
        detail = "; ".join(f"{error.field}: {error.message}" for error in self._errors)
        return kind(detail, errors=self._errors)

    def build(
        self, make: Callable[..., PartT], values: Mapping[str, Any], fields: Collection[str]
    ) -> PartT | None:
        """Return `make(**values)`, without its errors and the keys that are not in `fields`."""
        for key in values:
            if key not in fields:
                self.refuse(quotable(key), f"is not known: use one of {', '.join(fields)}")
        known = {field: values[field] for field in fields if field in values}
        return self.attempt(lambda: make(**known))

    def part(
        self, field: str, value: object, build: Callable[[Mapping[str, Any]], PartT]
    ) -> PartT | None:
        """Return what `build` makes of an object; its errors get `field.` before their names."""
        if value is None:
            return None
        if not isinstance(value, Mapping):
            self.refuse(field, "must be an object with named values")
            return None
        return self.attempt(lambda: build(cast("Mapping[str, Any]", value)), f"{field}.")

    def attempt(self, build: Callable[[], PartT], prefix: str = "") -> PartT | None:
        """Return what `build` returns; remember the errors if it refuses."""
        try:
            return build()
        except InvalidError as error:
            self._errors.extend(
                FieldError(prefix + item.field, item.message) for item in error.errors
            )
            return None

    def text(self, field: str, value: object, max_chars: int) -> str | None:
        """Return a text exactly as it is; None if it is missing or blank."""
        if value is None:
            return None
        if not isinstance(value, str):
            self.refuse(field, "must be text: put it in quotes")
        elif not value.strip():
            return None
        elif unstorable := unstorable_character(value):
            self.refuse(field, unstorable)
        elif len(value) > max_chars:
            self.refuse(field, f"has {len(value):,} characters: shorten it to {max_chars:,}")
        else:
            return value
        return None

    def label(self, field: str, value: object, max_chars: int) -> str | None:
        """Return a text of one line without the space around it; None if missing or blank."""
        text = self.text(field, value.strip() if isinstance(value, str) else value, max_chars)
        if text and any(unicodedata.category(character) in _LINE_BREAKING for character in text):
            self.refuse(field, "must be one line: remove line breaks, tabs and control characters")
            return None
        return text

    def required_text(self, field: str, value: object, max_chars: int) -> str | None:
        """Return a text that must be there."""
        return self._required(field, self.text, value, max_chars)

    def required_label(self, field: str, value: object, max_chars: int) -> str | None:
        """Return a text of one line that must be there."""
        return self._required(field, self.label, value, max_chars)

    def _required(
        self, field: str, check: Callable[[str, object, int], str | None], value: object, limit: int
    ) -> str | None:
        refused_before = len(self._errors)
        text = check(field, value, limit)
        if text is None and len(self._errors) == refused_before:
            self.refuse(field, f"is required: give 1 to {limit} characters")
        return text

    def flag(self, field: str, value: object) -> None:
        """Refuse anything but true, false and None."""
        if value is not None and not isinstance(value, bool):
            self.refuse(field, "must be true or false")

    def required_flag(self, field: str, value: object) -> None:
        """Refuse anything but true and false."""
        if value is None:
            self.refuse(field, "must be true or false")
        self.flag(field, value)

    def number(
        self, field: str, value: object, low: float, high: float, hint: str = ""
    ) -> float | None:
        """Return a number from `low` to `high` as a float; `hint` ends the refusal."""
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.refuse(field, f"must be a number from {low} to {high}")
        elif not low <= value <= high:
            self.refuse(field, f"is {_shown(value)}, but the scale is {low} to {high}{hint}")
        else:
            return float(value)
        return None

    def whole_number(self, field: str, value: object, low: int, high: int) -> int | None:
        """Return a whole number from `low` to `high`."""
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int):
            self.refuse(field, f"must be a whole number from {low:,} to {high:,}")
        elif not low <= value <= high:
            self.refuse(field, f"is {_shown(value)}, but must be from {low:,} to {high:,}")
        else:
            return value
        return None

    def uuid(self, field: str, value: object) -> UUID | None:
        """Return an id, given as a UUID or as its text."""
        if value is None or isinstance(value, UUID):
            return value
        try:
            return UUID(str(value))
        except ValueError:
            self.refuse(field, "must be a UUID, such as 0199a8c2-7c1e-7d43-9c5b-2f4e8a1b6d70")
            return None


def unstorable_character(text: str) -> str | None:
    """Say which character no store and no vendor takes (NUL, half a surrogate pair), if any."""
    found = _UNSTORABLE.search(text)
    if found is None:
        return None
    if found[0] == "\0":
        return f"has a NUL at character {found.start() + 1:,}: remove it"
    return f"has half a surrogate pair at character {found.start() + 1:,}: write it whole, in UTF-8"


def quotable(text: str) -> str:
    """Return the beginning of a text of the caller's in a form that any message can carry."""
    return text[:MAX_QUOTED_CHARS].encode("utf-8", "backslashreplace").decode()


def _shown(value: float) -> str:
    # Beyond 1e15 the digits say nothing more, and Python refuses to print more than 4,300 of them.
    return str(value) if abs(value) < 1e15 else "out of all proportion"
