"""Which language models a workspace uses: its settings, and their earlier versions."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any, Final, Self, cast

from service_kit.errors import InvalidError, NotFoundError

from persona_svc.domain.checks import Checks
from persona_svc.domain.voice import MAX_MODEL_CHARS, MAX_OUTPUT_TOKENS, MAX_TEMPERATURE

MAX_MODELS: Final = 50
TASKS: Final = ("strategy", "write", "chat")


class InvalidModelPolicyError(InvalidError):
    """The settings of models break a rule."""

    slug = "model-policy-invalid"


class ModelPolicyNotFoundError(NotFoundError):
    """There is no such version of the settings of models."""

    slug = "model-policy-not-found"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelPolicy:
    """The models that are allowed (none: any), which one does what, and the limits.

    Raises:
        InvalidModelPolicyError: with everything that is wrong, by field.
    """

    allowed: tuple[str, ...] = ()
    strategy: str | None = None
    write: str | None = None
    chat: str | None = None
    temperature: float | None = None
    max_tokens: int | None = None
    plan_drafts: bool = True

    def __post_init__(self) -> None:
        """Clean every field; refuse all that is wrong at once."""
        checks = Checks()
        allowed = _models(checks, self.allowed)
        object.__setattr__(self, "allowed", allowed)
        for task in TASKS:
            model = checks.label(task, getattr(self, task), MAX_MODEL_CHARS)
            if model and allowed and model not in allowed:
                checks.refuse(task, f"is not allowed: use one of {', '.join(allowed)}")
            object.__setattr__(self, task, model)
        temperature = checks.number("temperature", self.temperature, 0.0, MAX_TEMPERATURE)
        object.__setattr__(self, "temperature", temperature)
        checks.whole_number("max_tokens", self.max_tokens, 1, MAX_OUTPUT_TOKENS)
        checks.required_flag("plan_drafts", self.plan_drafts)
        checks.raise_as(InvalidModelPolicyError)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Build from plain values, as `as_dict` returns them.

        Raises:
            InvalidModelPolicyError: with everything that is wrong, unknown keys included.
        """
        checks = Checks()
        names = [each.name for each in fields(cls)]
        return checks.result(InvalidModelPolicyError, checks.build(cls, values, names))

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return asdict(self) | {"allowed": list(self.allowed)}


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelPolicyVersion:
    """The settings of models as they were from `created_at` on."""

    version: int
    policy: ModelPolicy
    changed_by: str
    created_at: datetime


def _models(checks: Checks, values: object) -> tuple[str, ...]:
    if not isinstance(values, list | tuple):
        checks.refuse("allowed", "must be a list of names")
        return ()
    names = cast("list[object]", values)
    if len(names) > MAX_MODELS:
        checks.refuse("allowed", f"has {len(names):,} models: keep up to {MAX_MODELS}")
        return ()
    clean = [
        checks.required_label(f"allowed.{place}", name, MAX_MODEL_CHARS)
        for place, name in enumerate(names)
    ]
    return tuple(dict.fromkeys(name for name in clean if name is not None))
