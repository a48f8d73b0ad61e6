"""Make a voice of the persona that speaks."""

from persona_client import Resolution
from persona_prompts import RAG_PROMPT, USER_PROMPT

from persona_model.voice import Voice


def make_voice(resolution: Resolution) -> Voice:
    """Return all that an answer takes from the persona and the workspace's settings."""
    persona = resolution.persona
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
        model=persona.model.name if persona else None,
        temperature=persona.model.temperature if persona else None,
        max_tokens=persona.model.max_tokens if persona else None,
        ideal_customer_profile=resolution.ideal_customer_profile,
        qualification_questions=resolution.qualification_questions,
    )
