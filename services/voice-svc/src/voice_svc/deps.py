"""What the routes, handlers and workers of voice-svc are given."""

from dataclasses import dataclass

from persona_client import Roster
from service_kit.service import Service
from service_kit.store import Store

from voice_svc.adapters.audio_cache import AudioCache
from voice_svc.adapters.elevenlabs.agents import ElevenLabsAgents
from voice_svc.adapters.elevenlabs.client import ElevenLabs
from voice_svc.adapters.elevenlabs.conversations import ElevenLabsConversations
from voice_svc.adapters.elevenlabs.speech import ElevenLabsSpeech
from voice_svc.adapters.nats_knowledge import NatsKnowledge
from voice_svc.domain.answer_cache import AnswerCache
from voice_svc.domain.speech import SpeechLimits
from voice_svc.settings import VoiceSettings
from voice_svc.usecases.answer_question import AnswerQuestion
from voice_svc.usecases.authenticate_tool import AuthenticateTool
from voice_svc.usecases.choose_voice import ChooseVoice
from voice_svc.usecases.describe_agent import AgentDefaults
from voice_svc.usecases.fair_gate import FairGate
from voice_svc.usecases.list_voices import ListVoices
from voice_svc.usecases.ports import Agents, Conversations, SearchesKnowledge, Sessions
from voice_svc.usecases.speak import Speak
from voice_svc.usecases.spoken import BytesAhead


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceDeps:
    """Everything here lives as long as the process."""

    settings: VoiceSettings
    store: Store
    roster: Roster
    vendor: ElevenLabs
    agents: Agents
    agent_defaults: AgentDefaults
    conversations: Conversations
    sessions: Sessions
    tools: AuthenticateTool
    answers: AnswerCache
    knowledge: SearchesKnowledge
    answer_question: AnswerQuestion
    speech: ElevenLabsSpeech
    speak: Speak
    voices: ListVoices
    choose_voice: ChooseVoice


def build(service: Service, settings: VoiceSettings) -> VoiceDeps:
    """Return the deps of this process; nothing of the vendor's is loaded yet."""
    vendor = ElevenLabs(
        api_key=settings.elevenlabs_api_key,
        base_url=settings.elevenlabs_base_url,
        connect_timeout_seconds=settings.connect_timeout_seconds,
        timeout_seconds=settings.vendor_timeout_seconds,
    )
    speech = ElevenLabsSpeech(vendor)
    voices = ListVoices(provider=speech)
    choose_voice = ChooseVoice(
        store=service.store,
        provider=speech,
        voices=voices,
        default_voice_id=settings.default_voice_id,
    )
    answers = AnswerCache(settings.answer_cache_bytes)
    knowledge = NatsKnowledge(service.broker.publishing, answers)
    return VoiceDeps(
        settings=settings,
        store=service.store,
        roster=service.roster,
        vendor=vendor,
        agents=ElevenLabsAgents(vendor),
        agent_defaults=AgentDefaults(
            public_url=settings.public_url,
            voice_id=settings.default_voice_id,
            llm=settings.agent_llm,
            post_call_webhook_id=settings.post_call_webhook_id,
        ),
        conversations=ElevenLabsConversations(vendor),
        sessions=speech,
        tools=AuthenticateTool(service.store),
        answers=answers,
        knowledge=knowledge,
        answer_question=AnswerQuestion(knowledge, answers, settings.answer_timeout_seconds),
        speech=speech,
        speak=_speak(service.store, speech, choose_voice, settings),
        voices=voices,
        choose_voice=choose_voice,
    )


def _speak(
    store: Store, speech: ElevenLabsSpeech, voices: ChooseVoice, settings: VoiceSettings
) -> Speak:
    wait_seconds = settings.speech_wait_seconds
    key = settings.audio_key
    keyed = {} if key is None else {"key": key}
    return Speak(
        store=store,
        speech=speech,
        voices=voices,
        gate=FairGate(settings.speech_concurrency, wait_seconds),
        cache=AudioCache(max_bytes=settings.audio_cache_bytes, **keyed),
        limits=SpeechLimits(
            persona_characters=settings.persona_characters_per_month,
            workspace_characters=settings.workspace_characters_per_month,
        ),
        wait_seconds=wait_seconds,
        ahead=BytesAhead(),
    )
