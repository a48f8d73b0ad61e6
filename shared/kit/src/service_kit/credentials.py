"""What a caller shows: a token of an identity provider, or an API key."""

from service_kit.api_keys import looks_like_key
from service_kit.identity import Principal
from service_kit.key_ring import KeyRing
from service_kit.tokens import Tokens


class Credentials:
    """Turns either into who calls."""

    def __init__(self, tokens: Tokens, keys: KeyRing) -> None:
        self._tokens = tokens
        self._keys = keys

    async def verify(self, credential: str) -> Principal:
        """Return whom `credential` stands for.

        Raises:
            TokenRejectedError: the token is not valid.
            KeyRejectedError: the API key is not valid.
            KeysUnavailableError: the keys that tokens are signed with cannot be fetched.
            KeysNotReadyError: the API keys are not known here yet.
        """
        if looks_like_key(credential):
            return await self._keys.verify(credential)
        return await self._tokens.verify(credential)
