"""The settings of a workspace, and how seven of them mirror its default persona."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Final, Self, cast

from service_kit.errors import InvalidError

from persona_svc.domain.checks import Checks
from persona_svc.domain.compiled import DEFAULT_NAME, CompiledPersona
from persona_svc.domain.model_policy import ModelPolicy
from persona_svc.domain.persona import LABEL_LIMITS, TEXT_LIMITS, PersonaFields

MIRRORED: Final = {
    "ai_persona_name": "persona_name",
    "ai_tone": "tone",
    "ai_greeting": "greeting",
    "ai_sms_greeting": "sms_greeting",
    "ai_signature": "signature",
    "ai_goals": "goals",
    "service_description": "service_description",
}
"""The settings that mirror the default persona, and the persona's field for each."""
MAX_CUSTOMER_PROFILE_CHARS: Final = 8_000
MAX_QUESTIONS: Final = 50
MAX_QUESTION_CHARS: Final = 500


class InvalidSettingsError(InvalidError):
    """The settings break a rule."""

    slug = "settings-invalid"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceSettings:
    """The settings older than personas; an empty or blank text is None, others stay verbatim.

    The mirrored ones have the limits of the persona's fields, so either can become the other.

    Raises:
        InvalidSettingsError: with everything that is wrong, by field.
    """

    ai_persona_name: str | None = None
    ai_tone: str | None = None
    ai_greeting: str | None = None
    ai_sms_greeting: str | None = None
    ai_signature: str | None = None
    ai_goals: str | None = None
    service_description: str | None = None
    ideal_customer_profile: str | None = None
    qualification_questions: tuple[str, ...] = ()
    prompt_approval: bool = False
    """Whether another admin approves each new text of a prompt."""
    models: ModelPolicy = field(default_factory=ModelPolicy)

    def __post_init__(self) -> None:
        """Clean every field; refuse all that is wrong at once."""
        checks = Checks()
        clean: dict[str, object] = {}
        for setting, mirrored in MIRRORED.items():
            value = getattr(self, setting)
            if mirrored in LABEL_LIMITS:
                clean[setting] = checks.label(setting, value, LABEL_LIMITS[mirrored])
            else:
                clean[setting] = checks.text(setting, value, TEXT_LIMITS[mirrored])
        clean["ideal_customer_profile"] = checks.text(
            "ideal_customer_profile", self.ideal_customer_profile, MAX_CUSTOMER_PROFILE_CHARS
        )
        clean["qualification_questions"] = _questions(checks, self.qualification_questions)
        checks.required_flag("prompt_approval", self.prompt_approval)
        checks.raise_as(InvalidSettingsError)
        for name, value in clean.items():
            object.__setattr__(self, name, value)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Build from plain values, as `as_dict` returns them; a missing one is empty.

        Raises:
            InvalidSettingsError: with everything that is wrong, unknown keys included.
        """
        checks = Checks()
        names = [item.name for item in fields(cls)]
        given = {key: value for key, value in values.items() if value is not None}
        if "models" in given:
            given["models"] = checks.part("models", given["models"], ModelPolicy.from_dict)
        return checks.result(InvalidSettingsError, checks.build(cls, given, names))

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return asdict(self) | {
            "qualification_questions": list(self.qualification_questions),
            "models": self.models.as_dict(),
        }

    def stored(self) -> dict[str, Any]:
        """Return `as_dict` without what is off: code that lacks a newer setting can read it."""
        values = self.as_dict()
        if self.models == ModelPolicy():
            del values["models"]
        return {name: value for name, value in values.items() if value is not False}


def mirror(settings: WorkspaceSettings, default: CompiledPersona) -> WorkspaceSettings:
    """Return the settings with the seven mirrored ones as the default persona has them (A13)."""
    return replace(
        settings, **{setting: getattr(default, name) for setting, name in MIRRORED.items()}
    )


def persona_changes_from_legacy(
    settings: WorkspaceSettings, default: CompiledPersona
) -> dict[str, str | None]:
    """Return the fields of the default persona that must change for the mirror to be `settings`.

    Only those that differ: a value that it inherits does not become its own by being repeated.
    None empties the field; a default persona with ancestors then shows the nearest one's value.
    """
    return {
        name: getattr(settings, setting)
        for setting, name in MIRRORED.items()
        if getattr(settings, setting) != getattr(default, name)
    }


def persona_from_settings(settings: WorkspaceSettings) -> PersonaFields:
    """Return the default persona of a workspace that has none: made by ensure-default (A3, A15).

    Until then readers see it as the virtual default (A16).
    """
    mirrored = {name: getattr(settings, setting) for setting, name in MIRRORED.items()}
    return PersonaFields(name=DEFAULT_NAME, **mirrored)


def _questions(checks: Checks, values: object) -> tuple[str, ...]:
    if not isinstance(values, list | tuple):
        checks.refuse("qualification_questions", "must be a list of texts")
        return ()
    questions = cast("list[object]", values)
    if len(questions) > MAX_QUESTIONS:
        message = f"has {len(questions):,} questions: keep up to {MAX_QUESTIONS}"
        checks.refuse("qualification_questions", message)
        return ()
    cleaned = [
        checks.required_text(f"qualification_questions.{place}", question, MAX_QUESTION_CHARS)
        for place, question in enumerate(questions)
    ]
    return tuple(question for question in cleaned if question is not None)
