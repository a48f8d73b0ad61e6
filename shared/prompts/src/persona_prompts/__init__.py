"""The bounded template language of prompt layers: `check` what is saved, `render` what is asked."""

from persona_prompts.built_in import RAG_PROMPT, USER_PROMPT
from persona_prompts.language import (
    MAX_DEPTH,
    MAX_SOURCE_BYTES,
    LineError,
    TemplateRefusedError,
)
from persona_prompts.rendering import (
    MAX_OUTPUT_CHARS,
    Passage,
    RenderingFailedError,
    Template,
    Values,
    check,
    template,
)

__all__ = [
    "MAX_DEPTH",
    "MAX_OUTPUT_CHARS",
    "MAX_SOURCE_BYTES",
    "RAG_PROMPT",
    "USER_PROMPT",
    "LineError",
    "Passage",
    "RenderingFailedError",
    "Template",
    "TemplateRefusedError",
    "Values",
    "check",
    "template",
]
