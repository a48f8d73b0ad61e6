import json
from hashlib import sha256

from voice_svc.domain import agent_template as template

HASHES = {1: "23821f76a24959f0"}
"""Of what each version of the template says and sets; a version is never changed."""


def test_a_change_of_the_template_is_another_version():
    parts = [
        template.agent_prompt(""),
        template.first_message(None, "Nova", "en"),
        template.TOOL_DESCRIPTION,
        template.TOOL_NAME,
        template.TOOL_SECONDS,
        template.TURN_SECONDS,
        template.CALL_SECONDS,
        template.RETENTION_DAYS,
        template.TEMPERATURE,
    ]
    found = sha256(json.dumps(parts).encode()).hexdigest()[:16]
    assert HASHES[template.TEMPLATE_VERSION] == found
