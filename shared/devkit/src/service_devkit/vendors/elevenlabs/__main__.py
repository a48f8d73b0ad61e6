"""Run the stand-in: `python -m service_devkit.vendors.elevenlabs --port 8199 --key …`."""

import argparse
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route

from service_devkit.embedded.ports import LOOPBACK
from service_devkit.vendors.contract import VendorContract
from service_devkit.vendors.elevenlabs import agents, conversations, speech
from service_devkit.vendors.elevenlabs.account import Account
from service_devkit.vendors.elevenlabs.calls import Server
from service_devkit.vendors.elevenlabs.control import control_routes

OPERATIONS = {
    "POST /v1/convai/secrets": agents.create_secret,
    "GET /v1/convai/secrets": agents.list_secrets,
    "PATCH /v1/convai/secrets/{secret_id}": agents.update_secret,
    "DELETE /v1/convai/secrets/{secret_id}": agents.delete_secret,
    "POST /v1/convai/tools": agents.create_tool,
    "GET /v1/convai/tools": agents.list_tools,
    "GET /v1/convai/tools/{tool_id}": agents.get_tool,
    "PATCH /v1/convai/tools/{tool_id}": agents.update_tool,
    "DELETE /v1/convai/tools/{tool_id}": agents.delete_tool,
    "POST /v1/convai/agents/create": agents.create_agent,
    "GET /v1/convai/agents": agents.list_agents,
    "GET /v1/convai/agents/{agent_id}": agents.get_agent,
    "PATCH /v1/convai/agents/{agent_id}": agents.update_agent,
    "DELETE /v1/convai/agents/{agent_id}": agents.delete_agent,
    "GET /v1/convai/conversation/get-signed-url": conversations.signed_url,
    "GET /v1/convai/conversations": conversations.list_conversations,
    "DELETE /v1/convai/conversations/{conversation_id}": conversations.delete_conversation,
    "GET /v2/voices": speech.list_voices,
    "GET /v1/voices/{voice_id}": speech.get_voice,
    "POST /v1/text-to-speech/{voice_id}/stream": speech.say,
    "GET /v1/user/subscription": speech.subscription,
}


def build(server: Server) -> Starlette:
    """Return the app."""
    routes = [server.route(name, run) for name, run in OPERATIONS.items()]
    control = control_routes(server.account, has_contract=server.contract is not None)
    sample = Route("/samples/{voice_id}.mp3", speech.sample)
    calls = conversations.socket_route(server.account, server.contract)
    return Starlette(routes=[*routes, sample, calls, *control])


def main() -> None:
    """Serve until a signal."""
    parser = argparse.ArgumentParser(prog="service_devkit.vendors.elevenlabs")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--key", required=True)
    parser.add_argument("--document", type=Path, help="the vendor's OpenAPI document")
    options = parser.parse_args()
    contract = VendorContract(options.document) if options.document else None
    account = Account(f"http://{LOOPBACK}:{options.port}")
    app = build(Server(account, options.key, contract))
    uvicorn.run(
        app,
        host=LOOPBACK,
        port=options.port,
        log_level="warning",
        access_log=False,
        ws="websockets-sansio",
    )


if __name__ == "__main__":
    main()
