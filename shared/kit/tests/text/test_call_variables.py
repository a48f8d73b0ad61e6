"""Which variables a voice agent's texts may have."""

import pytest
from service_kit.call_variables import (
    UnknownVariableError,
    find_variables,
    require_known_variables,
)


def test_names_are_found_once_and_the_providers_left_out():
    assert find_variables(["{{ b }} {{a}} {{a}}", "{{system__time}} {c} {{d"]) == ["a", "b"]


def test_a_refusal_names_each_variable_and_its_place():
    require_known_variables({"tone": "{{lead_id}} {{system__time}} {name}"})
    with pytest.raises(UnknownVariableError) as refused:
        require_known_variables({"tone": "{{a}}{{b}}", "content": "{{}}", "goals": "fine"})
    assert [error.field for error in refused.value.errors] == ["tone", "content"]
    assert "{{a}}, {{b}}" in str(refused.value)
