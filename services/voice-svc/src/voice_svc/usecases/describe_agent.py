"""Say what a persona's agent should be."""

from dataclasses import dataclass

from persona_contracts import ResolvedPersona

from voice_svc.domain import agent_template as template
from voice_svc.domain.agent_spec import AgentSpec, AgentVoice


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentDefaults:
    """What an agent has when its persona does not say it."""

    public_url: str
    """Where the vendor reaches us."""
    voice_id: str
    llm: str
    post_call_webhook_id: str | None = None


def describe_agent(
    persona: ResolvedPersona,
    workspace_id: str,
    defaults: AgentDefaults,
    *,
    voice_id: str | None = None,
) -> AgentSpec:
    """Return the agent of a persona, all but its tool; `voice_id` replaces its voice.

    Raises:
        UnknownVariableError: a text has a variable that no conversation gives a value.
    """
    language = template.language_of(persona.language)
    sender = persona.persona_name or persona.display_name or persona.name
    prompt = template.agent_prompt(persona.prompts.system)
    greeting = template.first_message(persona.greeting, sender, language)
    temperature = persona.model.temperature
    return AgentSpec(
        name=persona.name,
        tags=(template.persona_tag(persona.persona_id), template.workspace_tag(workspace_id)),
        prompt=prompt,
        first_message=greeting,
        language=language,
        llm=persona.model.name or defaults.llm,
        temperature=template.TEMPERATURE
        if temperature is None
        else min(temperature, template.MAX_TEMPERATURE),
        voice=_voice(persona, voice_id or _own_voice(persona) or defaults.voice_id),
        dynamic_variables=template.placeholders_of({"prompt": prompt, "greeting": greeting}),
        turn_timeout_seconds=template.TURN_SECONDS,
        max_duration_seconds=template.CALL_SECONDS,
        retention_days=template.RETENTION_DAYS,
        post_call_webhook_id=defaults.post_call_webhook_id,
    )


def _own_voice(persona: ResolvedPersona) -> str | None:
    return persona.voice.voice_id if persona.voice else None


def _voice(persona: ResolvedPersona, voice_id: str) -> AgentVoice:
    """Return the voice with the persona's settings; an agent's has no style (C102)."""
    given = persona.voice.settings if persona.voice else {}
    settings = {
        name: float(given[name])
        for name in ("stability", "similarity_boost", "speed")
        if given.get(name) is not None
    }
    return AgentVoice(voice_id=voice_id, **settings)
