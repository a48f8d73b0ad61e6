"""Numbers as a spreadsheet program shows them: number formats of ECMA-376 Part 1, §18.8.31.

English names of months and days, a point before decimals: the program's language is not in a file.
"""

import re
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

BUILT_IN = {
    0: "General", 1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00",
    5: '"$"#,##0;-"$"#,##0', 6: '"$"#,##0;-"$"#,##0',
    7: '"$"#,##0.00;-"$"#,##0.00', 8: '"$"#,##0.00;-"$"#,##0.00',
    9: "0%", 10: "0.00%", 11: "0.00E+00", 12: "# ?/?", 13: "# ??/??", 14: "m/d/yyyy",
    15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy", 18: "h:mm AM/PM", 19: "h:mm:ss AM/PM",
    20: "h:mm", 21: "h:mm:ss", 22: "m/d/yyyy h:mm", 37: "#,##0;(#,##0)", 38: "#,##0;(#,##0)",
    39: "#,##0.00;(#,##0.00)", 40: "#,##0.00;(#,##0.00)", 41: "#,##0;-#,##0;-",
    42: '"$"#,##0;-"$"#,##0;-', 43: "#,##0.00;-#,##0.00;-", 44: '"$"#,##0.00;-"$"#,##0.00;-',
    45: "mm:ss", 46: "[h]:mm:ss", 47: "mm:ss.0", 48: "##0.0E+0", 49: "@",
}  # fmt: skip
"""By id, as the program in English has them; a file does not repeat these."""

MAX_FORMAT_CHARS = 255
MAX_SERIAL = 2_957_000
"""Of a day, in the year 9995: it is shown as a number above."""
MAX_DIGITS = 1_000
"""The largest number has 309 before the point, a format at most 255 behind it."""
MAX_PLAIN = 1e15
"""Whole numbers below are shown with all their digits."""

_PLAIN = {
    f"{whole}{'.' * bool(places)}{'0' * places}": (Decimal(1).scaleb(-places), f"{comma}f")
    for whole, comma in (("0", ""), ("#,##0", ","))
    for places in range(5)
}
"""The formats of most cells, which the library writes by itself."""

_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"?|\\(?P<escaped>.)|(?P<blank>_.)|\*.|\[(?P<bracket>[^\]]*)\]'
    r"|(?P<general>General)|(?P<power>E[+-])|(?P<half>AM/PM|A/P)"
    r"|(?P<date>y+|m+|d+|h+|s+)|(?P<place>[0#?])|(?P<mark>[.,%@/])|(?P<other>.)",
    re.IGNORECASE | re.DOTALL,
)
_CONDITION = re.compile(r"(<=|>=|<>|<|>|=)(-?\d+(?:\.\d+)?)")
_ELAPSED = re.compile(r"h+|m+|s+", re.IGNORECASE)
_MONTH_NAMES = (
    "January February March April May June July August September October November December"
)
_DAY_NAMES = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday"


class _Token(NamedTuple):
    kind: str
    """`literal`, `general`, `power`, `half`, `date`, `elapsed`, `place` or `mark`."""
    text: str


class _Section(NamedTuple):
    tokens: tuple[_Token, ...]
    condition: tuple[str, float] | None

    def has(self, *kinds: str) -> bool:
        return any(token.kind in kinds for token in self.tokens)

    def count(self, mark: str) -> int:
        return sum(token == ("mark", mark) for token in self.tokens)


def shown_number(value: float, code: str, *, since_1904: bool = False) -> str:
    """Return what a cell with the number format `code` shows of `value`."""
    if code == "General":
        return _general(value)
    if (spec := _PLAIN.get(code)) and abs(value) < MAX_PLAIN:
        rounded = Decimal(repr(value)).quantize(spec[0], ROUND_HALF_UP)
        return format(rounded or abs(rounded), spec[1])
    return _shown_by_sections(value, _sections(code[:MAX_FORMAT_CHARS]), since_1904=since_1904)


def _shown_by_sections(value: float, sections: tuple[_Section, ...], *, since_1904: bool) -> str:
    section, is_signed = _section_for(value, sections)
    if not section.tokens:
        return ""
    if section.has("date", "elapsed"):
        return _shown_date(value, section, since_1904=since_1904)
    if section.has("general") or (section.has("mark") and not section.has("place")):
        return _with_general(value if is_signed else abs(value), section)
    shown = _shown_places(abs(value), section)
    is_negative = is_signed and value < 0 and re.search(r"[1-9]", shown) is not None
    return f"-{shown}" if is_negative else shown


def shown_text(text: str, code: str) -> str:
    """Return what a cell with the number format `code` shows of a text."""
    sections = _sections(code[:MAX_FORMAT_CHARS])
    if len(sections) < 4:
        return text
    return "".join(text if token == ("mark", "@") else token.text for token in sections[3].tokens)


@lru_cache(maxsize=256)
def _sections(code: str) -> tuple[_Section, ...]:
    found: list[_Section] = []
    tokens: list[_Token] = []
    condition: tuple[str, float] | None = None
    for match in _TOKEN.finditer(code):
        if match["other"] == ";":
            found.append(_Section(tuple(tokens), condition))
            tokens, condition = [], None
        elif match["bracket"] and (sign := _CONDITION.fullmatch(match["bracket"])):
            condition = (sign[1], float(sign[2]))
        else:
            tokens += _tokens(match)
    return (*found, _Section(tuple(tokens), condition))


def _tokens(match: re.Match[str]) -> list[_Token]:
    bracket = match["bracket"]
    if bracket is not None:
        if _ELAPSED.fullmatch(bracket):
            return [_Token("elapsed", bracket.lower())]
        # A currency stands as [$€-407]; colours and alphabets are not text.
        return [_Token("literal", bracket[1:].partition("-")[0])] if bracket[:1] == "$" else []
    for kind in ("general", "power", "half", "date", "place", "mark"):
        if match[kind]:
            return [_Token(kind, match[kind].lower() if kind == "date" else match[kind])]
    literal = match["quoted"] or match["escaped"] or match["other"] or (match["blank"] and " ")
    return [_Token("literal", literal)] if literal else []


def _section_for(value: float, sections: tuple[_Section, ...]) -> tuple[_Section, bool]:
    """Return which section shows `value`, and whether it still needs its sign."""
    if any(section.condition for section in sections):
        for section in sections:
            if section.condition is None or _holds(value, *section.condition):
                return section, True
    if value < 0 and len(sections) > 1:
        return sections[1], False
    return sections[2 if value == 0 and len(sections) > 2 else 0], True


def _holds(value: float, sign: str, limit: float) -> bool:
    is_less, is_more = value < limit, value > limit
    return {
        "<": is_less,
        ">": is_more,
        "<=": not is_more,
        ">=": not is_less,
        "=": value == limit,
        "<>": value != limit,
    }[sign]


def _general(value: float) -> str:
    if value == int(value) and abs(value) < MAX_PLAIN:
        return str(int(value))
    return f"{value:.10g}".replace("e", "E")


def _with_general(value: float, section: _Section) -> str:
    return "".join(
        _general(value) if token.kind == "general" or token.text == "@" else token.text
        for token in section.tokens
    )


def _shown_places(value: float, section: _Section) -> str:
    if section.count("/"):
        return _shown_fraction(value, section)
    if section.has("power"):
        return _shown_power(value, section)
    number = Decimal(repr(value)) * 100 ** section.count("%")
    whole, decimals = _parts(section.tokens)
    number /= 1000 ** _scale(section.tokens)
    return _filled(number, whole, decimals)


def _parts(tokens: tuple[_Token, ...]) -> tuple[list[_Token], list[_Token] | None]:
    """Return the tokens before and after the decimal point."""
    point = ("mark", ".")
    if point not in tokens:
        return list(tokens), None
    at = tokens.index(_Token(*point))
    return list(tokens[:at]), list(tokens[at + 1 :])


def _scale(tokens: tuple[_Token, ...]) -> int:
    """Return how many commas follow the last digit: each divides by a thousand."""
    last = max((at for at, token in enumerate(tokens) if token.kind == "place"), default=-1)
    after = tokens[last + 1 :]
    return next((at for at, token in enumerate(after) if token.text != ","), len(after))


def _filled(number: Decimal, whole: list[_Token], decimals: list[_Token] | None) -> str:
    places = sum(token.kind == "place" for token in decimals or ())
    with localcontext(prec=MAX_DIGITS):
        rounded = number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    digits, _, fraction = f"{rounded:f}".partition(".")
    shown = _whole(digits.lstrip("0"), whole)
    return shown if decimals is None else f"{shown}.{_decimals(fraction, decimals)}"


def _whole(digits: str, tokens: list[_Token]) -> str:
    """Fill digits into the places before the decimal point, from the right."""
    places = [at for at, token in enumerate(tokens) if token.kind == "place"]
    is_grouped = bool(places) and ("mark", ",") in tokens[places[0] : places[-1]]
    out: list[str] = []
    written = 0
    for at in range(len(tokens) - 1, -1, -1):
        kind, text = tokens[at]
        if kind != "place":
            out.append("" if text == "," else text)
            continue
        count = len(digits) if at == places[0] else 1
        run = digits[len(digits) - count :] if count else ""
        digits = digits[: len(digits) - count]
        for digit in reversed(run or {"0": "0", "?": " "}.get(text, "")):
            if is_grouped and written and written % 3 == 0 and digit != " ":
                out.append(",")
            out.append(digit)
            written += 1
    return "".join(reversed(out))


def _decimals(digits: str, tokens: list[_Token]) -> str:
    needed = len(digits.rstrip("0"))
    out: list[str] = []
    filled = 0
    for kind, text in tokens:
        if kind != "place":
            out.append("" if text == "," else text)
            continue
        is_shown = filled < needed or text == "0"
        out.append(digits[filled] if is_shown else " " if text == "?" else "")
        filled += 1
    return "".join(out)


def _shown_power(value: float, section: _Section) -> str:
    at = next(at for at, token in enumerate(section.tokens) if token.kind == "power")
    whole, decimals = _parts(section.tokens[:at])
    step = max(sum(token.kind == "place" for token in whole), 1)
    number = Decimal(repr(value))
    power = number.adjusted() // step * step if number else 0
    shown = _filled(number.scaleb(-power), whole, decimals)
    sign = "-" if power < 0 else "+" if section.tokens[at].text[1] == "+" else ""
    return f"{shown}E{sign}{_whole(str(abs(power)).lstrip('0'), list(section.tokens[at + 1 :]))}"


def _shown_fraction(value: float, section: _Section) -> str:
    at = section.tokens.index(_Token("mark", "/"))
    places = sum(token.kind == "place" for token in section.tokens[at:])
    fixed = "".join(token.text for token in section.tokens[at + 1 :] if token.text.isdigit())
    limit = int(fixed) if fixed.strip("0") else 10 ** max(places, 1) - 1
    whole, rest = divmod(Fraction(repr(value)), 1)
    part = Fraction(round(rest * limit), limit) if fixed.strip("0") else rest
    part = part.limit_denominator(limit)
    if part == 1:
        whole, part = whole + 1, Fraction(0)
    if not part:
        return str(whole)
    return f"{whole} {part}" if whole else str(part)


def _shown_date(value: float, section: _Section, *, since_1904: bool) -> str:
    if not 0 <= value < MAX_SERIAL:
        return _general(value)
    time = _time(value, since_1904=since_1904)
    elapsed = timedelta(days=value) + timedelta(microseconds=500)
    tokens = _with_minutes(section.tokens)
    has_half = section.has("half")
    return "".join(_date_part(token, time, elapsed, has_half=has_half) for token in tokens).strip()


def _time(value: float, *, since_1904: bool) -> datetime:
    """Return the moment of a serial number, in which 1900 is a leap year."""
    # A cell has no time zone.
    first_1900 = datetime(1899, 12, 30 if value >= 60 else 31)  # noqa: DTZ001
    first = datetime(1904, 1, 1) if since_1904 else first_1900  # noqa: DTZ001
    return first + timedelta(seconds=round(value * 86_400, 3))


def _with_minutes(tokens: tuple[_Token, ...]) -> list[_Token]:
    """Return the tokens, `m` between hours and seconds as `n`: those are minutes."""
    found = list(tokens)
    times = [at for at, token in enumerate(tokens) if token.kind in {"date", "elapsed"}]
    for before, at, after in zip([None, *times], times, [*times[1:], None], strict=False):
        is_minute = (before is not None and tokens[before].text[0] == "h") or (
            after is not None and tokens[after].text[0] == "s"
        )
        if tokens[at].text[0] == "m" and tokens[at].kind == "date" and len(tokens[at].text) <= 2:
            found[at] = _Token("date", "n" * len(tokens[at].text)) if is_minute else tokens[at]
    return found


def _date_part(token: _Token, time: datetime, elapsed: timedelta, *, has_half: bool) -> str:
    kind, text = token
    match kind:
        case "elapsed":
            unit = {"h": 3_600, "m": 60, "s": 1}[text[0]]
            return str(int(elapsed.total_seconds()) // unit).zfill(len(text))
        case "half":
            half = "AM" if time.hour < 12 else "PM"
            return half if len(text) > 3 else half[0]
        case "place":  # of a second
            return str(time.microsecond // 100_000) if text == "0" else ""
        case "date":
            is_time = text[0] in "hns"
            return _time_part(text, time, has_half=has_half) if is_time else _day_part(text, time)
        case _:
            return text


def _time_part(text: str, time: datetime, *, has_half: bool) -> str:
    hour = (time.hour - 1) % 12 + 1 if has_half else time.hour
    number = {"h": hour, "n": time.minute, "s": time.second}[text[0]]
    return str(number).zfill(min(len(text), 2))


def _day_part(text: str, time: datetime) -> str:
    length = len(text)
    if text[0] == "y":
        return f"{time.year % 100:02d}" if length <= 2 else str(time.year)
    number, name = (
        (time.month, _MONTH_NAMES.split()[time.month - 1])
        if text[0] == "m"
        else (time.day, _DAY_NAMES.split()[time.weekday()])
    )
    if length <= 2:
        return str(number).zfill(length)
    return name[:3] if length == 3 else name[0] if length == 5 else name
