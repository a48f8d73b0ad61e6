"""What a model is asked with."""

from typing import Literal

Message = tuple[Literal["system", "user", "assistant"], str]
"""Who speaks, and the words."""
