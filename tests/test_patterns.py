"""No regular expression of ours takes more than linear time: tried on texts made from its parts.

Each is tried in the way that its module calls it, on texts that it takes in the end, and others. A
text twice as long may take three times as long, and one of 512 KB 0.2 s of processor time at most.
"""

import ast
import importlib
import inspect
import pkgutil
import re
from pathlib import Path
from re import _constants as op
from re import _parser as parser
from time import process_time

import pytest

pytestmark = pytest.mark.faults
ROOT = Path(__file__).parents[1]
SOURCES = [*ROOT.glob("shared/*/src/*"), *ROOT.glob("services/*/src/*"), ROOT / "cli/src/dramatis"]
PACKAGES = sorted(path.name for path in SOURCES if (path / "__init__.py").is_file())
REPEATS = {op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT}
CLASSES = {
    op.CATEGORY_SPACE: " \n", op.CATEGORY_DIGIT: "1", op.CATEGORY_WORD: "a",
    op.CATEGORY_NOT_SPACE: "a", op.CATEGORY_NOT_DIGIT: "a", op.CATEGORY_NOT_WORD: " \n.",
}  # fmt: skip
ENDS = "\0", "a"
"""Of texts: few patterns take both."""
SHORT, LONGEST, WHOLE = 1_000, 128 * 1024, 512 * 1024
MAX_SECONDS = 0.2
"""On a text of WHOLE characters; the best of TRIES, as others may use the machine, too."""
SECONDS = 0.01
"""Shorter times say nothing about growth."""
ANCHORED = {"match", "fullmatch"}
TRIES = 10


def modules(name):
    package = importlib.import_module(name)
    yield package
    for found in pkgutil.walk_packages(package.__path__, f"{name}."):
        if not found.name.endswith("__main__"):
            yield importlib.import_module(found.name)


def inside(value):
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, dict):
        yield from inside((*value, *value.values()))
    elif isinstance(value, (tuple, list, set, frozenset)):
        for each in value:
            yield from inside(each)


def patterns(package):
    """Return each pattern, how its modules call it, and its name."""
    found = {}
    for module in modules(package):
        for name, value in list(vars(module).items()):
            for pattern in inside(value):
                called = found.setdefault(pattern, (f"{module.__name__}.{name}", set()))[1]
                called |= calls(module, name)
        for pattern, call in inline(module):
            named = pattern in found
            called = found.setdefault(pattern, (f"{module.__name__} {pattern.pattern}", set()))[1]
            if call or not named:
                called.add(call or "search")
    return {(pattern, call): name for pattern, (name, called) in found.items() for call in called}


def calls(module, name):
    """Return how a module calls a pattern: what is not anchored searches, and so may any other."""
    if not hasattr(module, "__file__"):
        return {"search"}
    named = set(re.findall(rf"\b{name}\.(\w+)\b", inspect.getsource(module)))
    methods = {each for each in named if hasattr(re.Pattern, each)} - {"pattern", "flags"}
    return {each if each in ANCHORED else "search" for each in methods or {"search"}}


def inline(module):
    """Yield the patterns that a module gives to `re` as they stand, and how."""
    for node in ast.walk(ast.parse(inspect.getsource(module) or "")):
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="re"), attr=call),
                args=[ast.Constant(value=str() | bytes() as text), *_],
            ) if hasattr(re.Pattern, call):
                yield re.compile(text), call if call in ANCHORED else "search"
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="re"), attr="compile"),
                args=[ast.Constant(value=str() | bytes() as text)],
            ):
                yield re.compile(text), None  # as it is called by its name, if it has one


def letters(members):
    """Return a few characters of a class."""
    if members[0][0] is op.NEGATE:
        listed = {chr(value) for kind, value in members if kind is op.LITERAL}
        return [letter for letter in "a <-" if letter not in listed][:2] or ["~"]
    return [
        letter
        for kind, value in members[:4]
        for letter in (
            CLASSES[value] if kind is op.CATEGORY else chr(value[0] if kind is op.RANGE else value)
        )
    ]


def shortest(tree):
    """Return a text that the tree takes, with each part at least once."""
    return "".join(part(kind, value) for kind, value in tree)


def part(kind, value):
    if kind is op.LITERAL:
        return chr(value)
    if kind is op.IN:
        return letters(value)[0]
    if kind in REPEATS:
        return shortest(value[2]) * max(value[0], 1)
    if kind in {op.ANY, op.NOT_LITERAL}:
        return "a" if value != ord("a") else "b"
    inner = {op.BRANCH: lambda: value[1][0], op.SUBPATTERN: lambda: value[3]}.get(kind)
    return shortest(inner() if inner else value if kind is op.ATOMIC_GROUP else [])


def repeated(tree, before=""):
    """Yield what a repetition stands behind, and what to repeat; also beginnings of the whole."""
    for kind, value in tree:
        if kind in REPEATS:
            yield before, shortest(value[2])
            if value[2] and value[2][0][0] is op.IN:
                yield from ((before, letter) for letter in letters(value[2][0][1]))
        for child in children(kind, value):
            yield from repeated(child, before)
        before += part(kind, value)
        if kind in REPEATS:
            yield "", before


def children(kind, value):
    if kind is op.BRANCH:
        return value[1]
    if kind in REPEATS:
        return [value[2]]
    if kind is op.SUBPATTERN:
        return [value[3]]
    if kind is op.ATOMIC_GROUP:
        return [value]
    return []


def seconds(pattern, call, before, again, length):
    return max(seconds_of_one(pattern, call, before, again, length, end) for end in ENDS)


def seconds_of_one(pattern, call, before, again, length, end):
    text = before + again * (length // len(again)) + end
    text = text.encode("latin-1", "replace") if isinstance(pattern.pattern, bytes) else text
    begun = process_time()
    getattr(pattern, call)(text)
    return process_time() - begun


def best(*tried):
    return min(seconds(*tried) for _ in range(2))


def grows(pattern, call, before, again, length):
    """Return whether a text twice as long takes more than three times as long."""
    once = best(pattern, call, before, again, length)
    return once > SECONDS and best(pattern, call, before, again, 2 * length) > 3 * once


def is_linear(pattern, call, before, again):
    """Return whether the time grows with the length alone, as far as it can be measured."""
    length = 16
    while length < LONGEST:
        if seconds(pattern, call, before, again, length) > SECONDS:
            if length < SHORT and best(pattern, call, before, again, length) > SECONDS:
                return False
            if all(grows(pattern, call, before, again, length) for _ in range(3)):
                return False
        length = length * 5 // 4 if length < SHORT else length * 2
    return True


def slow_on(pattern, call="search"):
    tree = parser.parse(pattern.pattern, pattern.flags)
    tried = sorted({(before, again) for before, again in repeated(tree) if again})
    slow = [text for text in tried if not is_linear(pattern, call, *text)]
    if slow or not tried:
        return slow
    worst = max(tried, key=lambda text: seconds(pattern, call, *text, LONGEST))
    times = (seconds(pattern, call, *worst, WHOLE) for _ in range(TRIES))
    return [] if any(took <= MAX_SECONDS for took in times) else [worst]


@pytest.mark.parametrize(
    "pattern",
    [r"\s*(?:<!--.*?-->\s*)*<(?:html)\b", r"^#+ (\S.*?)[ ]*#*$", "(?:.*_)?secret", "(a+)+b"],
)
def test_the_trial_finds_what_is_slow(pattern):
    assert slow_on(re.compile(pattern, re.DOTALL))


@pytest.mark.parametrize("package", PACKAGES)
def test_every_pattern_takes_linear_time(package):
    found = patterns(package)
    slow = {name: texts for tried, name in found.items() if (texts := slow_on(*tried))}
    assert slow == {}


def test_most_packages_have_patterns():
    assert sum(len(patterns(package)) for package in PACKAGES) > 100
