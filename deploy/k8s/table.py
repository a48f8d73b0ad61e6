"""What the manifests say of each service: one entry here is all that a service needs.

`make k8s-files` makes `base/`, the network policies, the routes and the external secrets of it.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Service:
    """One service as a workload."""

    name: str
    port: int
    memory: str
    """Requested."""
    memory_limit: str
    memory_source: str
    """Where the two figures are from."""
    config: dict[str, str] = field(default_factory=dict[str, str])
    """Its own settings, beside the common ones; an overlay merges others."""
    secrets: tuple[str, ...] = ()
    """Files of its secret beside those of every service."""
    qdrant: bool = False
    outside: tuple[str, ...] = ()
    """Whom it calls outside the cluster, beside the identity provider."""
    data: str = "64Mi"
    """Its data folder: the Roster's snapshot."""

    @property
    def host(self) -> str:
        """The first label of its host."""
        return self.name.removesuffix("-svc")


SERVICES = (
    Service(
        name="persona-svc",
        port=8101,
        memory="160Mi",
        memory_limit="512Mi",
        memory_source="bench row `memory of persona-svc`: 128 MB after the demo",
    ),
    Service(
        name="draft-svc",
        port=8102,
        memory="160Mi",
        memory_limit="512Mi",
        memory_source="bench row `memory of draft-svc`: 131 MB after the demo",
        config={"DRAMATIS_DRAFT_WRITER": "openai", "DRAMATIS_DRAFT_MODEL": "gpt-5-mini"},
        secrets=("dramatis_draft_openai_api_key",),
        outside=("the language model",),
    ),
    Service(
        name="followup-svc",
        port=8103,
        memory="160Mi",
        memory_limit="512Mi",
        memory_source="as draft-svc, of which it is a smaller sister",
    ),
    Service(
        name="ingest-svc",
        port=8104,
        memory="640Mi",
        memory_limit="4Gi",
        memory_source="bench rows: 154 MB idle, 798 MB at a text of 49 MB, 300 MB for the model of"
        " vectors; two readers of at most 1.5 GB",
        config={"DRAMATIS_INGEST_EMBEDDER": "minilm"},
        secrets=("dramatis_ingest_qdrant_api_key",),
        qdrant=True,
        outside=("the file store (S3)", "hosts that files come from", "the embedder, if `openai`"),
        data="1Gi",
    ),
    Service(
        name="voice-svc",
        port=8105,
        memory="160Mi",
        memory_limit="512Mi",
        memory_source="as draft-svc; not measured yet",
        secrets=("dramatis_voice_elevenlabs_api_key",),
        outside=("ElevenLabs",),
    ),
    Service(
        name="chat-svc",
        port=8106,
        memory="160Mi",
        memory_limit="512Mi",
        memory_source="as draft-svc; not measured yet",
        config={"DRAMATIS_CHAT_WRITER": "openai", "DRAMATIS_CHAT_MODEL": "gpt-5-mini"},
        secrets=("dramatis_chat_openai_api_key",),
        outside=("the language model",),
    ),
    Service(
        name="studio-svc",
        port=8100,
        memory="160Mi",
        memory_limit="512Mi",
        memory_source="as draft-svc; not measured yet",
        config={"DRAMATIS_STUDIO_PUBLIC_URL": "https://studio.dramatis.example.com"},
        secrets=("dramatis_studio_signing_key",),
    ),
)
GATEWAY = "studio-svc"
"""The service that forwards what browsers ask of the others, and may reach them."""
EMBEDDED_INDEX = "ingest-svc"
"""The service that can run as a StatefulSet of one, with its index in its data folder."""
SCALED = ("draft-svc", "followup-svc", "ingest-svc", "voice-svc")
"""What KEDA scales: those that work on a backlog."""
SUPPORTED = ("1.34", "1.35", "1.36", "1.37")
"""Versions of Kubernetes: the newest that its schemas are here of, and three before."""
