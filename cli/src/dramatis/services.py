"""The services of a stack."""

from dataclasses import dataclass

NATS_PORT = 4222


@dataclass(frozen=True, slots=True)
class ServiceSpec:
    """One service: its short name (also its database and login), its package, its port."""

    name: str
    package: str
    default_port: int


SERVICES = (
    ServiceSpec("persona", "persona_svc", 8101),
    ServiceSpec("draft", "draft_svc", 8102),
    ServiceSpec("followup", "followup_svc", 8103),
    ServiceSpec("ingest", "ingest_svc", 8104),
    ServiceSpec("voice", "voice_svc", 8105),
    ServiceSpec("chat", "chat_svc", 8106),
    ServiceSpec("studio", "studio_svc", 8100),
)
"""In the order in which they are shown; ports as in the architecture document."""

DEFAULT_PORTS = {"nats": NATS_PORT, **{spec.name: spec.default_port for spec in SERVICES}}
"""What `--<name>-port` changes."""
