"""Tell whether a tool may ask in the name of a persona."""

from collections import OrderedDict
from time import monotonic
from uuid import UUID

from service_kit.store import Store

from voice_svc.adapters import agents
from voice_svc.domain.tool_secret import ToolSecretRefusedError, hash_secret, is_secret

REMEMBERED_SECONDS = 30.0
"""How long a secret is taken without asking the store; a replaced one works as long."""
MAX_REMEMBERED = 10_000


class AuthenticateTool:
    """Compares a secret with that of one persona's tool."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: OrderedDict[UUID, tuple[str, bytes, float]] = OrderedDict()

    async def require_known(self, secret: str) -> None:
        """Return if it is the secret of any tool: whose, is asked once the body is read.

        Raises:
            ToolSecretRefusedError: it is not.
        """
        async with self._store.worker() as session:
            if not secret or not await agents.has_secret(session, hash_secret(secret)):
                raise _refused()

    async def authenticate(self, persona_id: UUID | None, secret: str) -> str:
        """Return the persona's workspace; whether the persona is still there is not asked.

        Raises:
            ToolSecretRefusedError: it is not the secret of this persona's tool, if it has one.
        """
        if not secret:
            raise _refused()
        if persona_id is not None:
            known = self._known.get(persona_id)
            if known is not None and known[2] > monotonic() and is_secret(secret, known[1]):
                return known[0]
        async with self._store.worker() as session:
            agent = await agents.find(session, persona_id or UUID(int=0))
        stored = agent.tool_secret_sha256 if agent else None
        if not is_secret(secret, stored) or agent is None or stored is None:
            raise _refused()
        self._known[agent.persona_id] = agent.workspace_id, stored, monotonic() + REMEMBERED_SECONDS
        while len(self._known) > MAX_REMEMBERED:
            self._known.popitem(last=False)
        return agent.workspace_id


def _refused() -> ToolSecretRefusedError:
    return ToolSecretRefusedError("Send the secret of this persona's tool: X-Tool-Secret.")
