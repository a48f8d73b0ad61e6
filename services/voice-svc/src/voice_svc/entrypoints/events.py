"""Subscribers: one short function per event."""

from persona_contracts import LeadErasedV1, PersonaErasedV1, WorkspaceErasedV1
from service_kit.erasure import subscribe_erasures
from service_kit.events import EventRouter

from voice_svc.deps import VoiceDeps

events = EventRouter[VoiceDeps]("voice-svc")

subscribe_erasures(events, PersonaErasedV1, LeadErasedV1, WorkspaceErasedV1)
