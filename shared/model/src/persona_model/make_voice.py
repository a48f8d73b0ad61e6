"""Make a voice of the persona that speaks."""

from typing import Literal

from persona_client import Resolution
from persona_contracts import ModelPolicy
from persona_prompts import RAG_PROMPT, USER_PROMPT

from persona_model.voice import Voice


def make_voice(resolution: Resolution, task: Literal["write", "chat"]) -> Voice:
    """Return all that an answer takes from the persona and the workspace's settings."""
    persona, policy = resolution.persona, resolution.models
    own = persona.model if persona else None
    own_model = own.name if own else None
    model = _allowed(policy, own_model, getattr(policy, task))
    strategy_model = _allowed(policy, own_model, policy.strategy)
    own_temperature = own.temperature if own else None
    limits = [each for each in (own and own.max_tokens, policy.max_tokens) if each is not None]
    return Voice(
        sender_name=resolution.sender_name,
        tone=resolution.tone,
        greeting=resolution.greeting,
        sms_greeting=resolution.sms_greeting,
        signature=resolution.signature,
        goals=resolution.goals,
        service_description=resolution.service_description,
        instructions=persona.prompts.system if persona else "",
        rag_prompt=persona.prompts.rag if persona else RAG_PROMPT,
        user_prompt=persona.prompts.user if persona else USER_PROMPT,
        language=persona.language if persona else None,
        cite_sources=persona.cite_sources if persona else False,
        model=model,
        strategy_model=None if strategy_model == model else strategy_model,
        plans=policy.plan_drafts,
        temperature=policy.temperature if own_temperature is None else own_temperature,
        max_tokens=min(limits, default=None),
        ideal_customer_profile=resolution.ideal_customer_profile,
        qualification_questions=resolution.qualification_questions,
    )


def _allowed(policy: ModelPolicy, *models: str | None) -> str | None:
    """Return the first of these models that is allowed, else the first that is allowed."""
    for model in models:
        if model and (not policy.allowed or model in policy.allowed):
            return model
    return next(iter(policy.allowed), None)
