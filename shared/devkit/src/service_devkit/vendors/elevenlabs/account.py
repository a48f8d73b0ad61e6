"""What the stand-in remembers: one account with its agents, tools, secrets, voices and quota."""

import copy
import time
from collections import Counter
from collections.abc import Mapping
from itertools import count
from typing import Any, cast

from pydantic import BaseModel, ConfigDict

from service_devkit.vendors.elevenlabs.faults import Faults
from service_devkit.vendors.elevenlabs.voices import first_voices

Json = dict[str, Any]
RESET_SECONDS = 20 * 24 * 3600


class Behaviour(BaseModel):
    """How the stand-in works; may be changed while it runs."""

    model_config = ConfigDict(extra="forbid")

    first_byte_seconds: float = 0.05
    chunk_seconds: float = 0.02
    max_concurrent: int = 10
    """Streams of audio at once; one more is refused."""
    character_limit: int = 1_000_000
    forgets: tuple[str, ...] = ()
    """Fields of agents that are taken and not kept, such as `conversation_config.tts.speed`."""
    post_call_url: str | None = None
    """Where the record of a call is sent when it has ended, signed with `post_call_secret`."""
    post_call_secret: str = ""


class VendorError(Exception):
    """What the vendor answers instead of what was asked for."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message

    @property
    def body(self) -> Json:
        """The answer's document."""
        return {"detail": {"status": self.code, "message": self.message}}


class Account:
    """All state; one event loop changes it, so nothing needs a lock."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self.behaviour = Behaviour()
        self.faults = Faults()
        self.agents: dict[str, Json] = {}
        self.tools: dict[str, Json] = {}
        self.secrets: dict[str, Json] = {}
        self.signatures: dict[str, str] = {}
        """Agents by the signature with which one call may be made."""
        self.conversations: dict[str, Json] = {}
        self.post_calls: list[int] = []
        """What the webhook of each call was answered."""
        self.voices = first_voices(base_url)
        self.characters_used = 0
        self.requests: Counter[str] = Counter()
        self.violations: list[str] = []
        self.streams_open = 0
        self.most_streams_open = 0
        self._numbers = count(1)

    def new_id(self, kind: str) -> str:
        """Return an id such as `agent_000001`."""
        return f"{kind}_{next(self._numbers):06d}"

    def find(self, kind: str, thing_id: str) -> Json:
        """Return an agent, tool, secret or voice.

        Raises:
            VendorError: there is none.
        """
        things: dict[str, Json] = getattr(self, f"{kind}s")
        if thing_id not in things:
            raise VendorError(404, f"{kind}_not_found", f"{kind.title()} {thing_id} was not found.")
        return things[thing_id]

    def put_agent(self, agent_id: str, body: Json) -> None:
        """Make an agent, or change one: a patch is merged, null removes, a list is replaced.

        Raises:
            VendorError: it names a voice or a tool that is not there, or a model that its language
                does not have.
        """
        body = copy.deepcopy(body)
        for path in self.behaviour.forgets:
            _remove(body, path.split("."))
        before = self.agents.get(agent_id, {"created_at": int(time.time())})
        agent = merged(before, body)
        self._check(agent)
        self.agents[agent_id] = {**agent, "updated_at": int(time.time())}

    def count_characters(self, text: str) -> None:
        """Take `text` from the quota.

        Raises:
            VendorError: there is not enough left.
        """
        left = self.behaviour.character_limit - self.characters_used
        if len(text) > left:
            raise VendorError(
                401,
                "quota_exceeded",
                f"This request exceeds your quota of {self.behaviour.character_limit}. You have"
                f" {left} credits remaining, while {len(text)} credits are required.",
            )
        self.characters_used += len(text)

    def _check(self, agent: Json) -> None:
        conversation = agent.get("conversation_config", {})
        tts, spoken = conversation.get("tts", {}), conversation.get("agent", {})
        if "voice_id" in tts and tts["voice_id"] not in self.voices:
            raise VendorError(400, "voice_not_found", f"Voice {tts['voice_id']} was not found.")
        is_english = spoken.get("language", "en") == "en"
        if is_english == tts.get("model_id", "eleven_flash_v2").endswith("_v2_5"):
            raise VendorError(
                400, "invalid_model", "English Agents must use turbo or flash v2, others v2_5."
            )
        tool_ids: list[str] = spoken.get("prompt", {}).get("tool_ids") or []
        for tool_id in tool_ids:
            if tool_id not in self.tools:
                raise VendorError(400, "tool_not_found", f"Tool {tool_id} was not found.")


def merged(before: Mapping[str, Any], patch: Mapping[str, Any]) -> Json:
    """Return `before` with `patch` merged in (RFC 7396)."""
    result: Json = copy.deepcopy(dict(before))
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        elif isinstance(value, dict) and name != "dynamic_variable_placeholders":
            old = result.get(name)
            before_it = cast("Json", old) if isinstance(old, dict) else {}
            result[name] = merged(before_it, cast("Json", value))
        else:
            result[name] = copy.deepcopy(cast("object", value))
    return result


def _remove(body: Json, path: list[str]) -> None:
    *above, name = path
    for step in above:
        body = body.get(step) or {}
    body.pop(name, None)
