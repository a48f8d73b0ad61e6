from typing import get_args

import persona_contracts
import pytest
from dramatis import wire_names
from service_kit import api_keys, identity, personas


def test_names_are_those_of_the_services():
    assert list(get_args(wire_names.Role)) == list(identity.Role)
    assert list(get_args(wire_names.Channel)) == list(persona_contracts.Channel)
    assert wire_names.KEY_PREFIX == api_keys.PREFIX
    assert wire_names.REVISION_HEADER == personas.REVISION_HEADER
    assert wire_names.AT_LEAST_HEADER == personas.AT_LEAST_HEADER
    assert wire_names.SUBJECT_ID_PATTERN == persona_contracts.SUBJECT_ID_PATTERN


@pytest.mark.parametrize("text", ["demo", "a" * 64, "a" * 65, "", "a.b", "demo\n", "ä"])
def test_what_may_stand_in_a_subject_is_what_the_contracts_say(text):
    assert wire_names.is_subject_id(text) == persona_contracts.is_subject_id(text)
