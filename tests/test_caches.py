"""Whatever a process remembers is bounded, and what a request or a mail brings is no key of it."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted(path for path in ROOT.glob("s*/*/src/**/*.py") if "devkit" not in path.parts)
BOUNDED = {
    "persona_contracts/envelope.py parse": "subjects that were read: 4,096 of at most 200 bytes",
    "persona_contracts/parsing.py _field_names": "our event models",
    "persona_model/voice.py _digest": "voices of personas: 64 of 90 KB",
    "persona_prompts/rendering.py template": "stored prompts: 64 of 150 KB",
    "persona_prompts/language.py environment": "nothing: one value",
    "service_kit/migrations.py _schema": "the services of this process",
    "followup_svc/domain/time_zone.py _zones": "nothing: one value",
    "followup_svc/domain/time_zone.py _windows_zones": "nothing: one value",
    "followup_svc/domain/holiday.py _of_year": "regions that there are: 256 of 3 KB",
    "ingest_svc/adapters/extraction/number_formats.py _sections": "the child that reads one file",
    "persona_svc/adapters/prompt_templates.py shipped": "nothing: one value",
    "persona_svc/adapters/starters.py starters": "nothing: one value",
    "ingest_svc/adapters/passage_index.py _bm25": "languages that there are",
}
"""Each cache of a function, and what its keys are."""


def cached(path):
    """Yield the functions of a module whose answers are kept."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            names = {
                part.id if isinstance(part, ast.Name) else getattr(part, "attr", "")
                for decorator in node.decorator_list
                for part in ast.walk(decorator)
            }
            if names & {"cache", "lru_cache"}:
                yield node.name


def test_every_cache_of_a_function_is_known_with_what_its_keys_are():
    found = {
        f"{path.parts[path.parts.index('src') + 1 :][0]}/"
        f"{'/'.join(path.parts[path.parts.index('src') + 2 :])} {name}"
        for path in SOURCES
        for name in cached(path)
    }
    assert found == set(BOUNDED)


def calls_in_functions(path):
    """Yield each call of a method that stands in a function, with its receiver and method."""
    outer = [ast.parse(path.read_text())]
    while outer:
        node = outer.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for inner in ast.walk(node):
                if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Attribute):
                    yield getattr(inner.func.value, "id", ""), inner.func.attr, inner
        elif isinstance(node, ast.Module | ast.ClassDef):
            outer.extend(node.body)


def is_ours(node):
    """Return whether it is a constant, of this line or of the module."""
    return isinstance(node, ast.Constant) or (isinstance(node, ast.Name) and node.id.isupper())


def test_no_pattern_is_made_of_what_comes():
    """Python keeps the last 512, however long they are."""
    made = [
        (path.name, node.lineno)
        for path in SOURCES
        for of, method, node in calls_in_functions(path)
        if of == "re" and method != "escape" and not is_ours(node.args[0])
    ]
    assert made == []


def test_no_charset_is_looked_up_but_those_of_one_list():
    """Python keeps each name that it was asked for and did not know."""
    looked_up = {
        path.name
        for path in SOURCES
        for of, method, node in calls_in_functions(path)
        if (method in {"decode", "encode"} and of not in {"jwt", "self"})
        or (of, method) == ("codecs", "lookup")
        for name in [*node.args[:1], *(k.value for k in node.keywords if k.arg == "encoding")]
        if not is_ours(name)
    }
    assert looked_up <= {"charsets.py"}


@pytest.mark.parametrize("library", ["cachetools", "aiocache", "diskcache"])
def test_no_other_library_keeps_anything(library):
    assert not [path for path in SOURCES if f"import {library}" in path.read_text()]
