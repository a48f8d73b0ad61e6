"""Where somebody was going when they had to sign in."""

import re
from typing import Final

HOME: Final = "/"
_LOCAL: Final = re.compile(r"/(?![/\\])[A-Za-z0-9._~!$&'()*+,;=:@%/?-]{0,1000}")
"""A path of this origin: nothing that a browser could take for another host."""


def return_path(asked: str | None) -> str:
    """Return the path that was asked for; HOME if it leads anywhere else."""
    return asked if asked is not None and _LOCAL.fullmatch(asked) else HOME
