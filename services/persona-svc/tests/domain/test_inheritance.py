"""Who may inherit from whom."""

from contextlib import suppress
from dataclasses import replace
from itertools import pairwise
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from persona_svc.domain.inheritance import (
    MAX_ANCESTORS,
    MAX_DESCENDANTS,
    Family,
    InheritanceCycleError,
    InheritanceTooDeepError,
    ParentNotFoundError,
    TooManyDescendantsError,
)
from persona_svc.domain.prompts import PersonaTooLongError


def under(persona, parent):
    """Return the persona as a child of `parent`."""
    return replace(persona, fields=replace(persona.fields, parent_id=parent.persona_id))


def generations(make_persona, count: int):
    """Return personas A, B, C …, each the child of the one before."""
    line = [make_persona("A")]
    for letter in "BCDEFGHIJ"[: count - 1]:
        line.append(make_persona(letter, parent=line[-1]))
    return line


def test_a_persona_and_its_ancestors_come_nearest_first(make_persona) -> None:
    eldest, parent, child = generations(make_persona, 3)
    assert Family([parent, child, eldest]).line(child.persona_id) == (child, parent, eldest)


def test_descendants_come_children_first(make_persona) -> None:
    eldest, parent, child = generations(make_persona, 3)
    aunt = make_persona("Aunt", parent=eldest)
    family = Family([child, parent, aunt, eldest])
    assert family.children(eldest.persona_id) == (parent, aunt)
    assert family.descendants(eldest.persona_id) == [parent, aunt, child]
    assert family.descendants(child.persona_id) == []


def test_a_circle_is_refused_with_its_path(make_persona) -> None:
    eldest, parent, child = generations(make_persona, 3)
    family = Family([under(eldest, child), parent, child])
    with pytest.raises(InheritanceCycleError) as caught:
        family.compile_with_descendants(eldest.persona_id)
    error = caught.value
    assert str(error) == "parent_id: makes a circle: A > C > B > A"
    path = (eldest, child, parent, eldest)
    assert error.extra["path"] == [str(persona.persona_id) for persona in path]
    assert error.status == 422


def test_a_persona_cannot_be_its_own_parent(make_persona) -> None:
    alone = make_persona("A")
    with pytest.raises(InheritanceCycleError, match="A > A"):
        Family([under(alone, alone)]).line(alone.persona_id)


def test_a_missing_parent_is_refused(make_persona) -> None:
    parent, child = generations(make_persona, 2)
    with pytest.raises(ParentNotFoundError, match=f"there is no persona {parent.persona_id} here"):
        Family([child]).compile(child.persona_id)


def test_five_ancestors_are_allowed_and_six_are_not(make_persona) -> None:
    line = generations(make_persona, MAX_ANCESTORS + 2)
    family = Family(line)
    assert len(family.line(line[-2].persona_id)) == MAX_ANCESTORS + 1
    with pytest.raises(InheritanceTooDeepError, match="G > F > E > D > C > B > A"):
        family.line(line[-1].persona_id)


def test_a_move_that_makes_a_descendant_too_deep_is_refused(make_persona) -> None:
    line = generations(make_persona, 4)
    top, second = make_persona("Top"), make_persona("Second")
    second = under(second, top)
    assert Family([*line, top]).compile_with_descendants(line[0].persona_id)
    family = [under(line[0], second), *line[1:], top, second]
    assert len(Family(family).compile_with_descendants(line[0].persona_id)) == 4
    deeper = make_persona("E", parent=line[-1])
    with pytest.raises(InheritanceTooDeepError, match="E > D > C > B > A > Second > Top"):
        Family([*family, deeper]).compile_with_descendants(line[0].persona_id)


def test_200_descendants_are_allowed_and_one_more_is_not(make_persona) -> None:
    eldest, parent = generations(make_persona, 2)
    children = [make_persona(f"Child {i}", parent=parent) for i in range(MAX_DESCENDANTS - 1)]
    full = [eldest, parent, *children]
    assert len(Family(full).compile_with_descendants(eldest.persona_id)) == MAX_DESCENDANTS + 1

    one_more = make_persona("One more", parent=parent)
    with pytest.raises(TooManyDescendantsError, match='gives "A" 201 descendants, 200 are allowed'):
        Family([*full, one_more]).compile_with_descendants(one_more.persona_id)


def test_an_edit_that_would_overflow_a_descendant_names_it(make_persona) -> None:
    parent, child = generations(make_persona, 2)
    other = make_persona("Other", parent=parent)
    long_child = replace(child, fields=replace(child.fields, content="x" * 20_000))
    long_parent = replace(parent, fields=replace(parent.fields, content="x" * 20_000))
    assert Family([parent, long_child, other]).compile_with_descendants(parent.persona_id)
    with pytest.raises(PersonaTooLongError, match='"B" would take') as caught:
        Family([long_parent, other, long_child]).compile_with_descendants(parent.persona_id)
    assert caught.value.extra["persona"] == "B"
    assert "content of A" in caught.value.extra["tokens"]


def test_a_change_compiles_the_persona_first_and_all_its_descendants(make_persona) -> None:
    eldest, parent, child = generations(make_persona, 3)
    kind = replace(parent, fields=replace(parent.fields, tone="Kind"))
    compiled = Family([eldest, kind, child]).compile_with_descendants(parent.persona_id)
    assert [item.persona_id for item in compiled] == [parent.persona_id, child.persona_id]
    assert [item.tone for item in compiled] == ["Kind", "Kind"]


@settings(deadline=None)
@given(parents=st.lists(st.integers(-1, 7), min_size=1, max_size=8))
def test_any_family_is_compiled_or_refused(make_persona, parents: list[int]) -> None:
    """Every persona takes each text from the first of its line that has one."""
    ids = [uuid4() for _ in parents]
    personas = []
    for place, parent in enumerate(parents):
        persona = make_persona(
            f"P{place}", persona_id=ids[place], tone=f"tone {place}" if place % 2 else None
        )
        parent_id = ids[parent] if 0 <= parent < len(ids) else None
        personas.append(replace(persona, fields=replace(persona.fields, parent_id=parent_id)))
    family = Family(personas)
    for persona in personas:
        compiled = []
        with suppress(InheritanceCycleError, InheritanceTooDeepError):
            compiled = family.compile_with_descendants(persona.persona_id)
        for item in compiled:
            line = family.line(item.persona_id)
            assert all(low.fields.parent_id == high.persona_id for low, high in pairwise(line))
            tones = [own.fields.tone for own in line if own.fields.tone]
            assert item.tone == (tones[0] if tones else None)
