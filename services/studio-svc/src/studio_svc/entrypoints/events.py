"""Subscribers: a workspace that was erased elsewhere is erased here."""

from persona_contracts import WorkspaceErasedV1
from service_kit.erasure import subscribe_erasures
from service_kit.events import EventRouter

from studio_svc.deps import StudioDeps

events = EventRouter[StudioDeps]("studio-svc")

subscribe_erasures(events, WorkspaceErasedV1)
