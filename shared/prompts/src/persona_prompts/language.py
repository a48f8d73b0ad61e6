"""What a template may say: an allow-list over Jinja's own parse tree, by node and by type.

Jinja's sandbox bounds neither time nor memory, and was escaped before: so the language is bounded
instead. Nothing is called, made, assigned or indexed; loops go over a list of the caller's and do
not nest. So the output is linear in the data, and rendering needs no limit but its length.
"""

from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum, auto
from functools import cache
from typing import Any, Final, cast

from jinja2 import Environment, StrictUndefined, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

MAX_SOURCE_BYTES: Final = 8 * 1024
MAX_DEPTH: Final = 40
MAX_ERRORS: Final = 20

_PARSER: Final = Environment(autoescape=False)  # nosec B701 # noqa: S701 — it parses alone


class Type(Enum):
    """What an expression stands for."""

    TEXT = auto()
    FENCED = auto()
    """A text of somebody else between its marker lines: it is printed whole or not at all."""
    NUMBER = auto()
    TRUTH = auto()
    PASSAGE = auto()
    PASSAGES = auto()
    LOOP = auto()


PRINTABLE: Final = {Type.TEXT, Type.FENCED, Type.NUMBER}
VARIABLES: Final[Mapping[str, Type]] = {
    "passages": Type.PASSAGES,
    "query": Type.FENCED,
    "persona_name": Type.TEXT,
    "language": Type.TEXT,
}
ATTRIBUTES: Final[Mapping[Type, Mapping[str, Type]]] = {
    Type.PASSAGE: {
        "number": Type.NUMBER,
        "source": Type.TEXT,
        "page": Type.NUMBER,
        "section": Type.TEXT,
        "text": Type.FENCED,
    },
    Type.LOOP: {
        "index": Type.NUMBER,
        "length": Type.NUMBER,
        "first": Type.TRUTH,
        "last": Type.TRUTH,
    },
}


@dataclass(frozen=True, slots=True)
class LineError:
    """What is wrong in a line of a template; lines count from 1."""

    line: int
    message: str


class TemplateRefusedError(ValueError):
    """A template says what the language does not have; `errors` are the first twenty, by line."""

    def __init__(self, errors: list[LineError]) -> None:
        self.errors = tuple(sorted(errors, key=lambda error: error.line))[:MAX_ERRORS]
        super().__init__("; ".join(f"line {item.line}: {item.message}" for item in self.errors))


def parse(source: str) -> frozenset[str]:
    """Return the names of the variables that `source` uses.

    Raises:
        TemplateRefusedError: it is longer than MAX_SOURCE_BYTES, nested deeper than MAX_DEPTH, is
            no template, or says what the language does not have.
    """
    size = len(source.encode("utf-8", "surrogatepass"))
    if size > MAX_SOURCE_BYTES:
        raise _refused(1, f"takes {size:,} bytes: shorten it to {MAX_SOURCE_BYTES:,}")
    try:
        tree = _PARSER.parse(source)
        walk = _Walk()
        walk.statements(tree.body, {}, depth=1)
    except TemplateSyntaxError as error:
        raise _refused(error.lineno, error.message or "is not a template") from error
    except RecursionError as error:
        raise _refused(1, f"is nested deeper than {MAX_DEPTH} levels") from error
    if walk.errors:
        raise TemplateRefusedError(walk.errors)
    return frozenset(walk.used)


@cache
def environment() -> ImmutableSandboxedEnvironment:
    """Return the one that renders the language: its filters and tests, and no others.

    A value that is not known is None: it is printed as nothing, is not `defined`, and has a
    `default`.
    """
    made = ImmutableSandboxedEnvironment(
        autoescape=False,
        undefined=StrictUndefined,
        finalize=_printed,
    )
    made.globals.clear()
    _keep(made.filters, _FILTERS)
    _keep(made.tests, _TESTS)
    cast("dict[str, object]", made.filters)["default"] = _or_default
    cast("dict[str, object]", made.tests)["defined"] = _is_defined
    return made


def _keep(named: dict[str, Any], names: Iterable[str]) -> None:
    for name in named.keys() - set(names):
        del named[name]


def _printed(value: object) -> object:
    return "" if value is None else value


def _or_default(value: object, default: object, when_empty: bool = False) -> object:  # noqa: FBT001, FBT002 — Jinja's own signature
    return default if value is None or (when_empty and not value) else value


def _is_defined(value: object) -> bool:
    return value is not None


def _refused(line: int, message: str) -> TemplateRefusedError:
    return TemplateRefusedError([LineError(line, message)])


class _RefusalError(Exception):
    """One thing that the language does not have."""

    def __init__(self, node: nodes.Node, message: str) -> None:
        self.error = LineError(node.lineno or 1, message)


_TESTS: Final = ("defined", "none")
Scope = Mapping[str, Type]


class _Walk:
    """Visits each node once, with the types of the names in scope."""

    def __init__(self) -> None:
        self.errors: list[LineError] = []
        self.used: set[str] = set()

    def statements(self, body: Iterable[nodes.Node], scope: Scope, depth: int) -> None:
        for node in body:
            with self._noted():
                self._statement(node, scope, depth)

    @contextmanager
    def _noted(self) -> Generator[None]:
        try:
            yield
        except _RefusalError as refusal:
            self.errors.append(refusal.error)

    def _statement(self, node: nodes.Node, scope: Scope, depth: int) -> None:
        _require_depth(node, depth)
        match node:
            case nodes.Output():
                for printed in node.nodes:
                    with self._noted():
                        self._output(printed, scope, depth + 1)
            case nodes.If():
                self._type(node.test, scope, depth + 1)
                for body in (node.body, node.elif_, node.else_):
                    self.statements(body, scope, depth + 1)
            case nodes.For():
                self._loop(node, scope, depth)
            case _:
                raise _RefusalError(node, f"{_named(node)} is not part of the language")

    def _output(self, node: nodes.Node, scope: Scope, depth: int) -> None:
        if isinstance(node, nodes.TemplateData):
            return
        kind = self._type(node, scope, depth)
        if kind not in PRINTABLE:
            raise _RefusalError(node, f"a {kind.name.lower()} cannot be printed: print its parts")

    def _loop(self, node: nodes.For, scope: Scope, depth: int) -> None:
        if node.recursive:
            raise _RefusalError(node, "a recursive loop is not part of the language")
        if "loop" in scope:
            raise _RefusalError(node, "a loop in a loop is not part of the language")
        if not isinstance(node.iter, nodes.Name) or not isinstance(node.target, nodes.Name):
            raise _RefusalError(node, "a loop goes over `passages`: {% for passage in passages %}")
        if self._type(node.iter, scope, depth + 1) is not Type.PASSAGES:
            raise _RefusalError(node, f"`{node.iter.name}` is no list: a loop goes over `passages`")
        name = node.target.name
        if name in VARIABLES or name == "loop" or name.startswith("_"):
            raise _RefusalError(node, f"`{name}` cannot name what a loop goes over")
        inside = {**scope, name: Type.PASSAGE, "loop": Type.LOOP}
        if node.test is not None:
            self._type(node.test, {**scope, name: Type.PASSAGE}, depth + 1)
        self.statements(node.body, inside, depth + 1)
        self.statements(node.else_, scope, depth + 1)

    def _type(self, node: nodes.Node, scope: Scope, depth: int) -> Type:
        _require_depth(node, depth)
        match node:
            case nodes.Name():
                return self._name(node, scope)
            case nodes.Getattr():
                return _attribute(node, self._type(node.node, scope, depth + 1))
            case nodes.Filter():
                return self._filter(node, scope, depth)
            case nodes.Const():
                return _constant(node)
            case _:
                return self._truth(node, scope, depth)

    def _truth(self, node: nodes.Node, scope: Scope, depth: int) -> Type:
        match node:
            case nodes.Test():
                _require_test(node)
                parts: list[nodes.Node] = [node.node]
            case nodes.Not():
                parts = [node.node]
            case nodes.And() | nodes.Or():
                parts = [node.left, node.right]
            case nodes.Compare():
                parts = [node.expr, *(operand.expr for operand in node.ops)]
            case _:
                raise _RefusalError(node, f"{_named(node)} is not part of the language")
        for part in parts:
            self._type(part, scope, depth + 1)
        return Type.TRUTH

    def _name(self, node: nodes.Name, scope: Scope) -> Type:
        if node.name in scope:
            return scope[node.name]
        if node.name not in VARIABLES:
            raise _RefusalError(
                node, f"`{node.name}` is not known: use {', '.join(sorted(VARIABLES))}"
            )
        self.used.add(node.name)
        return VARIABLES[node.name]

    def _filter(self, node: nodes.Filter, scope: Scope, depth: int) -> Type:
        accepts = _FILTERS.get(node.name)
        if accepts is None or node.node is None:
            raise _RefusalError(
                node, f"the filter `{node.name}` is not part of the language: {_FILTER_NAMES}"
            )
        if node.kwargs or node.dyn_args or node.dyn_kwargs:
            raise _RefusalError(node, f"the filter `{node.name}` takes plain values alone")
        base = self._type(node.node, scope, depth + 1)
        arguments = [self._type(item, scope, depth + 1) for item in node.args]
        found = accepts(base, arguments)
        if found is None:
            raise _RefusalError(
                node, f"the filter `{node.name}` cannot be used on a {base.name.lower()} like this"
            )
        return found


def _require_test(node: nodes.Test) -> None:
    if node.name not in _TESTS or node.args or node.kwargs or node.dyn_args or node.dyn_kwargs:
        raise _RefusalError(node, f"the test `{node.name}` is not part of the language")


def _constant(node: nodes.Const) -> Type:
    if isinstance(node.value, bool) or node.value is None:
        return Type.TRUTH
    return Type.TEXT if isinstance(node.value, str) else Type.NUMBER


def _attribute(node: nodes.Getattr, base: Type) -> Type:
    known = ATTRIBUTES.get(base, {})
    if node.attr not in known:
        parts = f"it has {', '.join(known)}" if known else "it has no parts"
        raise _RefusalError(node, f"`.{node.attr}` of a {base.name.lower()} is not known: {parts}")
    return known[node.attr]


def _default(base: Type, arguments: list[Type]) -> Type | None:
    if len(arguments) not in {1, 2} or base not in PRINTABLE or arguments[0] not in PRINTABLE:
        return None
    if len(arguments) == 2 and arguments[1] is not Type.TRUTH:
        return None
    return Type.FENCED if Type.FENCED in {base, arguments[0]} else base


def _length(base: Type, arguments: list[Type]) -> Type | None:
    return Type.NUMBER if not arguments and base in {Type.PASSAGES, Type.TEXT} else None


def _trim(base: Type, arguments: list[Type]) -> Type | None:
    return Type.TEXT if not arguments and base is Type.TEXT else None


def _end(base: Type, arguments: list[Type]) -> Type | None:
    return Type.PASSAGE if not arguments and base is Type.PASSAGES else None


_FILTERS: Final[Mapping[str, Callable[[Type, list[Type]], Type | None]]] = {
    "default": _default,
    "length": _length,
    "trim": _trim,
    "first": _end,
    "last": _end,
}
_FILTER_NAMES: Final = f"use {', '.join(_FILTERS)}"


def _require_depth(node: nodes.Node, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise _RefusalError(node, f"is nested deeper than {MAX_DEPTH} levels")


def _named(node: nodes.Node) -> str:
    return f"“{type(node).__name__.lower()}”"
