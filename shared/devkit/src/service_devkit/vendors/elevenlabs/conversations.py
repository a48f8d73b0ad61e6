"""Calls with agents of the stand-in: signed addresses, the socket, and the webhook afterwards.

The agent says its first message. Whatever it is asked, it asks its tools and repeats what they say.
"""

import base64
import copy
import hmac
import json
import re
import secrets
import time
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import httpx
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from service_devkit.vendors.contract import VendorContract
from service_devkit.vendors.elevenlabs.account import Account, Json
from service_devkit.vendors.elevenlabs.calls import Call
from service_devkit.vendors.elevenlabs.pages import paged

PATH = "/v1/convai/conversation"
RECORD = ("GET", "/v1/convai/conversations/{conversation_id}", 200)
REFUSED = 1008
SPEECHLESS = "I am sorry, I cannot look that up."
AUDIO_FORMAT = "pcm_16000"
CREDITS_PER_TURN = 10
_VARIABLE = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_SILENCE = base64.b64encode(bytes(320)).decode()


async def signed_url(call: Call) -> Json:
    """Return an address at which one call can be made."""
    agent_id = call.query["agent_id"]
    call.account.find("agent", agent_id)
    signature = f"cvtkn_{secrets.token_urlsafe(16)}"
    call.account.signatures[signature] = agent_id
    address = call.account.base_url.replace("http", "ws", 1)
    query = f"agent_id={agent_id}&conversation_signature={signature}"
    return {"signed_url": f"{address}{PATH}?{query}"}


async def list_conversations(call: Call) -> Json:
    """Return a page of calls, with nothing of what was said."""
    agent_id = call.query.get("agent_id")
    listed: list[Json] = [
        {
            "agent_id": record["agent_id"],
            "conversation_id": conversation_id,
            "start_time_unix_secs": record["metadata"]["start_time_unix_secs"],
            "call_duration_secs": record["metadata"]["call_duration_secs"],
            "message_count": len(record["transcript"]),
            "status": record["status"],
            "call_successful": "success",
        }
        for conversation_id, record in call.account.conversations.items()
        if agent_id in {None, record["agent_id"]}
    ]
    page, cursor = paged(listed, call.query)
    return {"conversations": page, "next_cursor": cursor, "has_more": cursor is not None}


async def delete_conversation(call: Call) -> Json:
    """Delete what is kept of a call."""
    call.account.find("conversation", call.params["conversation_id"])
    del call.account.conversations[call.params["conversation_id"]]
    return {}


def socket_route(account: Account, contract: VendorContract | None) -> WebSocketRoute:
    """Return the route at which calls are held."""

    async def talk(socket: WebSocket) -> None:
        await socket.accept()
        signature = socket.query_params.get("conversation_signature", "")
        agent_id = account.signatures.pop(signature, None)
        if agent_id is None or agent_id not in account.agents:
            await socket.close(REFUSED, "The signature is not valid.")
            return
        call = _Conversation(account, agent_id, copy.deepcopy(account.agents[agent_id]))
        with suppress(WebSocketDisconnect):
            await call.hold(socket)
        if call.started:
            await _tell(account, contract, call.record())

    return WebSocketRoute(PATH, talk)


@dataclass(slots=True)
class _Conversation:
    """One call; the agent stays as it was when the call began."""

    account: Account
    agent_id: str
    agent: Json
    conversation_id: str = field(default_factory=lambda: f"conv_{secrets.token_hex(8)}")
    started: float = 0.0
    variables: dict[str, Any] = field(default_factory=dict[str, Any])
    transcript: list[Json] = field(default_factory=list[Json])

    async def hold(self, socket: WebSocket) -> None:
        """Talk until the other side leaves."""
        spoken = self.agent["conversation_config"]["agent"]
        initiation = await socket.receive_json()
        placeholders = spoken.get("dynamic_variables", {}).get("dynamic_variable_placeholders", {})
        self.variables = {
            **placeholders,
            **(initiation.get("dynamic_variables") or {}),
            "system__conversation_id": self.conversation_id,
            "system__agent_id": self.agent_id,
        }
        texts = [spoken.get("first_message", ""), spoken.get("prompt", {}).get("prompt", "")]
        missing = set(_VARIABLE.findall(" ".join(texts))) - self.variables.keys()
        if missing:
            await socket.close(REFUSED, f"Missing required dynamic variables: {sorted(missing)}")
            return
        self.started = time.time()
        metadata = {
            "conversation_id": self.conversation_id,
            "agent_output_audio_format": AUDIO_FORMAT,
            "user_input_audio_format": AUDIO_FORMAT,
        }
        await _send(socket, "conversation_initiation_metadata", metadata)
        await self._say(socket, self._filled(texts[0]))
        while True:
            message = await socket.receive_json()
            if message.get("type") == "user_message":
                await self._answer(socket, message["text"])

    def record(self) -> Json:
        """Return the call as the vendor tells it when it has ended."""
        return {
            "agent_id": self.agent_id,
            "conversation_id": self.conversation_id,
            "status": "done",
            "has_audio": False,
            "has_user_audio": False,
            "has_response_audio": False,
            "has_auxiliary_audio": False,
            "transcript": self.transcript,
            "metadata": {
                "start_time_unix_secs": int(self.started),
                "call_duration_secs": int(time.time() - self.started),
                "cost": CREDITS_PER_TURN * len(self.transcript),
                "cost_fiat": None,
            },
            "conversation_initiation_client_data": {"dynamic_variables": self.variables},
        }

    async def _answer(self, socket: WebSocket, question: str) -> None:
        event = {"user_transcript": question}
        await _send(socket, "user_transcript", event, key="user_transcription_event")
        self._note("user", question)
        text = SPEECHLESS
        prompt = self.agent["conversation_config"]["agent"].get("prompt", {})
        tool_ids: list[str] = prompt.get("tool_ids") or []
        for tool_id in tool_ids:
            tool = self.account.tools[tool_id]
            result = await self._use(tool, question)
            self._note("agent", None, tool_results=[result])
            shown = {
                "tool_name": tool["name"],
                "tool_call_id": result["request_id"],
                "tool_type": "webhook",
                "is_error": result["is_error"],
            }
            await _send(socket, "agent_tool_response", shown, key="agent_tool_response")
            if not result["is_error"]:
                text = json.loads(result["result_value"]).get("answer", SPEECHLESS)
        await self._say(socket, text)

    async def _use(self, tool: Json, question: str) -> Json:
        """Call a tool's address, with what the model and the variables give."""
        schema = tool["api_schema"]
        fields: dict[str, Json] = schema.get("request_body_schema", {}).get("properties", {})
        headers: dict[str, Any] = schema.get("request_headers", {})
        try:
            async with httpx.AsyncClient(timeout=tool.get("response_timeout_secs", 20)) as client:
                answer = await client.request(
                    schema["method"],
                    schema["url"],
                    json={name: self._given(each, question) for name, each in fields.items()},
                    headers={name: self._header(value) for name, value in headers.items()},
                )
            is_error, value = answer.is_error, answer.text
        except httpx.HTTPError as error:
            is_error, value = True, type(error).__name__
        return {
            "request_id": f"tool_{secrets.token_hex(4)}",
            "tool_name": tool["name"],
            "result_value": value,
            "is_error": is_error,
            "tool_has_been_called": True,
            "type": "webhook",
        }

    def _given(self, schema: Json, question: str) -> object:
        variable = schema.get("dynamic_variable")
        return self.variables.get(variable, "") if variable else question

    def _header(self, value: str | Json) -> str:
        if isinstance(value, str):
            return self._filled(value)
        return self.account.secrets[value["secret_id"]]["value"]

    def _filled(self, text: str) -> str:
        return _VARIABLE.sub(lambda found: str(self.variables[found[1]]), text)

    async def _say(self, socket: WebSocket, text: str) -> None:
        self._note("agent", text)
        await _send(socket, "agent_response", {"agent_response": text})
        await _send(socket, "audio", {"audio_base_64": _SILENCE, "event_id": len(self.transcript)})

    def _note(self, role: str, message: str | None, **more: object) -> None:
        at_seconds = int(time.time() - self.started)
        turn = {"role": role, "message": message, "time_in_call_secs": at_seconds}
        self.transcript.append({**turn, **more})


async def _send(socket: WebSocket, kind: str, event: Json, key: str | None = None) -> None:
    await socket.send_json({"type": kind, key or f"{kind}_event": event})


async def _tell(account: Account, contract: VendorContract | None, record: Json) -> None:
    """Keep the record of a call, and send it to who asked for it, signed."""
    account.conversations[record["conversation_id"]] = record
    if contract is not None:
        account.violations += [
            f"post-call: {error}" for error in contract.answer_errors(*RECORD, record)
        ]
    behaviour = account.behaviour
    if behaviour.post_call_url is None:
        return
    seconds = int(time.time())
    document = {"type": "post_call_transcription", "event_timestamp": seconds, "data": record}
    body = json.dumps(document).encode()
    key = behaviour.post_call_secret.encode()
    digest = hmac.new(key, f"{seconds}.".encode() + body, sha256).hexdigest()
    headers = {
        "content-type": "application/json",
        "ElevenLabs-Signature": f"t={seconds},v0={digest}",
    }
    async with httpx.AsyncClient() as client:
        answer = await client.post(behaviour.post_call_url, content=body, headers=headers)
    account.post_calls.append(answer.status_code)
