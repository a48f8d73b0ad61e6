"""Subscribers: what was erased elsewhere is erased here."""

from persona_contracts import PersonaErasedV1, WorkspaceErasedV1
from service_kit.erasure import subscribe_erasures
from service_kit.events import EventRouter

from chat_svc.deps import ChatDeps

events = EventRouter[ChatDeps]("chat-svc")

subscribe_erasures(events, PersonaErasedV1, WorkspaceErasedV1)
