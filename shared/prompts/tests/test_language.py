"""The language: what it says, and that nothing else gets through."""

import gc
import tracemalloc
from dataclasses import asdict

import pytest
from persona_prompts import (
    MAX_OUTPUT_CHARS,
    MAX_SOURCE_BYTES,
    RAG_PROMPT,
    USER_PROMPT,
    Passage,
    RenderingFailedError,
    TemplateRefusedError,
    Values,
    check,
    template,
)

FENCED = "BEGIN DATA 1f\nA seat costs 90 euros.\nEND DATA 1f"
VALUES = Values(
    query="BEGIN DATA 1f\nWhat does it cost?\nEND DATA 1f",
    passages=[
        Passage(number=1, source="prices.pdf", page=2, section="Seats", text=FENCED),
        Passage(number=2, source="terms.md", page=None, section=None, text=FENCED),
    ],
    persona_name="Nova",
)


PAGES = (
    "{% for p in passages %}{{ p.source }}"
    "{% if p.page is defined %}, {{ p.page }}{% endif %} {% endfor %}"
)


def rendered(source, values=VALUES):
    check(source)
    return template(source).render(values)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("Take facts from the passages alone.", "Take facts from the passages alone."),
        ("{{ query }}", VALUES.query),
        ("{{ persona_name }} in {{ language|default('any language') }}", "Nova in any language"),
        ("[{{ language }}]", "[]"),
        (PAGES, "prices.pdf, 2 terms.md"),
        ("{% for p in passages %}{{ p.text }}\n{% endfor %}", f"{FENCED}\n{FENCED}"),
        ("{% if passages|length == 2 %}two{% else %}other{% endif %}", "two"),
        ("{% if not passages %}none{% elif language == 'de' %}de{% else %}some{% endif %}", "some"),
        ("{% for p in passages %}{{ loop.index }}/{{ loop.length }} {% endfor %}", "1/2 2/2"),
        ("{% for p in passages if p.page is defined %}{{ p.source }}{% endfor %}", "prices.pdf"),
        ("{% if passages %}{{ (passages|first).source|trim }}{% endif %}", "prices.pdf"),
        ("{% raw %}{{ query }}{% endraw %}", "{{ query }}"),
        ("{# a note #}text", "text"),
    ],
)
def test_what_the_language_says(source, text):
    assert rendered(source) == text


@pytest.mark.parametrize("source", [RAG_PROMPT, USER_PROMPT])
def test_the_built_in_layers_are_templates_that_name_nothing(source):
    check(source)
    assert template(source).used == frozenset()
    assert template(source).render(VALUES) == source


def test_a_loop_without_passages_says_so():
    source = "{% for p in passages %}{{ p.source }}{% else %}no documents{% endfor %}"
    assert rendered(source, Values(query="q")) == "no documents"


ATTACKS = {
    "call": "{{ query.upper() }}",
    "call of a global": "{{ range(10) }}",
    "class": "{{ query.__class__ }}",
    "chain of classes": "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "attribute of a list": "{{ passages.append }}",
    "attribute of the loop": "{% for p in passages %}{{ loop.cycle }}{% endfor %}",
    "unknown part of a passage": "{% for p in passages %}{{ p.score }}{% endfor %}",
    "index": "{{ passages[0] }}",
    "key": "{% for p in passages %}{{ p['text'] }}{% endfor %}",
    "slice of a fenced text": "{{ query[5:] }}",
    "set": "{% set x = 1 %}",
    "macro": "{% macro m() %}{% endmacro %}",
    "include": "{% include 'x' %}",
    "import": "{% import 'x' as y %}",
    "extends": "{% extends 'x' %}",
    "block": "{% block b %}{% endblock %}",
    "filter block": "{% filter upper %}x{% endfilter %}",
    "with": "{% with x = 1 %}{% endwith %}",
    "autoescape": "{% autoescape true %}{% endautoescape %}",
    "concatenation": "{{ query ~ query }}",
    "sum": "{{ 1 + 1 }}",
    "power": "{{ 9 ** 9 }}",
    "product of texts": "{{ 'x' * 1000000000 }}",
    "negation": "{{ -1 }}",
    "list": "{{ [1, 2] }}",
    "dictionary": "{{ {'a': 1} }}",
    "tuple": "{{ (1, 2) }}",
    "condition in an expression": "{{ query if query else 1 }}",
    "unknown variable": "{{ secret }}",
    "unknown filter": "{{ query|upper }}",
    "format": "{{ '%s'|format(query) }}",
    "attribute by filter": "{{ query|attr('x') }}",
    "huge indent": "{{ query|indent(1000000000) }}",
    "batch": "{% for p in passages|batch(2) %}{% endfor %}",
    "join of passages": "{{ passages|join(', ') }}",
    "first of a fenced text": "{{ query|first }}",
    "trim of a fenced text": "{{ query|trim }}",
    "length of a fenced text": "{{ query|length }}",
    "default that hides a fence": "{{ (query|default('x'))|trim }}",
    "list as text": "{{ passages }}",
    "passage as text": "{% for p in passages %}{{ p }}{% endfor %}",
    "loop as text": "{% for p in passages %}{{ loop }}{% endfor %}",
    "loop in a loop": "{% for p in passages %}{% for q in passages %}x{% endfor %}{% endfor %}",
    "recursive loop": "{% for p in passages recursive %}{{ loop(passages) }}{% endfor %}",
    "loop over a text": "{% for c in query %}{{ c }}{% endfor %}",
    "loop over two names": "{% for a, b in passages %}{% endfor %}",
    "loop that renames": "{% for query in passages %}{% endfor %}",
    "unknown test": "{% if query is callable %}{% endif %}",
    "test with a value": "{% if 4 is divisibleby(2) %}{% endif %}",
    "no template": "{% if %}",
    "open expression": "{{ query",
    "deep": "{{ " + "not " * 50 + "query is defined }}",
    "deep parentheses": "{{ " + "(" * 3_000 + "1" + ")" * 3_000 + " }}",
    "deep blocks": "{% if query %}" * 60 + "{% endif %}" * 60,
    "long": "x" * (MAX_SOURCE_BYTES + 1),
    "long in bytes": "ä" * (MAX_SOURCE_BYTES // 2 + 1),
    "long output": "{% for p in passages %}" + "{{ p.text }}" * 3 + "{% endfor %}",
    "fails without passages": "{{ (passages|first).source }}",
    "fails without a page": "{% for p in passages %}{% if p.page > 1 %}x{% endif %}{% endfor %}",
}


@pytest.mark.parametrize("source", ATTACKS.values(), ids=ATTACKS)
def test_what_the_language_does_not_have_is_refused_by_line(source):
    with pytest.raises(TemplateRefusedError) as refused:
        check(source)
    assert all(error.line >= 1 and error.message for error in refused.value.errors)


def test_all_that_is_wrong_is_told_at_once():
    with pytest.raises(TemplateRefusedError) as refused:
        check("{{ secret }}\nfine\n{{ query.upper() }}\n{% set x = 1 %}")
    assert [error.line for error in refused.value.errors] == [1, 3, 4]


def test_the_longest_text_that_is_accepted_is_bounded():
    source = "{{ query }}" * 3
    check(source)
    with pytest.raises(RenderingFailedError):
        template(source).render(Values(query="x" * MAX_OUTPUT_CHARS))


def test_a_text_of_somebody_else_is_never_a_template():
    injected = Values(query="{{ persona_name }} {% for p in passages %}")
    assert rendered("{{ query }}", injected) == injected.query


def test_checking_the_worst_accepted_template_takes_a_bounded_number_of_steps():
    """Not a time: the parts that are rendered are counted, and end with the longest output."""
    body = "{{ p.number }}" * ((MAX_SOURCE_BYTES - 60) // len("{{ p.number }}"))
    source = "{% for p in passages %}" + body + "{% endfor %}"
    parts = 0
    compiled = template(source)._compiled
    names = {"passages": [asdict(p) for p in VALUES.passages], "query": ""}
    for _ in compiled.generate(names):
        parts += 1
    assert parts <= 2 * len(source)


def test_of_texts_that_are_checked_no_more_than_a_digest_stays():
    tracemalloc.start()
    try:
        for number in range(10):
            check(f"{number}" + "x" * 8_000)
        before = tracemalloc.get_traced_memory()[0]
        for number in range(10, 110):
            check(f"{number}" + "x" * 8_000)
        gc.collect()
        assert tracemalloc.get_traced_memory()[0] - before < 100_000
    finally:
        tracemalloc.stop()
