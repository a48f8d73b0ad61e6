"""Names that the services' APIs know, written down again.

Their own modules load what a whole service needs; `tests/test_wire_names.py` holds both equal.
"""

import re
from typing import Literal

Role = Literal["viewer", "editor", "admin"]
"""`service_kit.identity.Role`."""
Channel = Literal["email", "sms", "linkedin"]
"""`persona_contracts.Channel`."""
KEY_PREFIX = "dramatis_"
"""`service_kit.api_keys.PREFIX`."""
REVISION_HEADER = "Dramatis-Revision"
AT_LEAST_HEADER = "Dramatis-At-Least"
"""Of `service_kit.personas`."""
SUBJECT_ID_PATTERN = r"^[A-Za-z0-9_-]{1,64}$"
"""Of `persona_contracts`."""


def is_subject_id(text: str) -> bool:
    """Return whether `text` may stand in a subject, as `persona_contracts.is_subject_id` does."""
    return re.fullmatch(SUBJECT_ID_PATTERN, text) is not None
