"""How tests look at the stand-in and command it: `/_fake/…`, without a key."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from service_devkit.vendors.elevenlabs.account import Account, Behaviour, merged
from service_devkit.vendors.elevenlabs.faults import Fault

KINDS = ("agents", "tools", "secrets", "voices", "conversations")


def control_routes(account: Account, *, has_contract: bool) -> list[Route]:
    """Return the routes."""

    async def state(_: Request) -> Response:
        things = {kind: getattr(account, kind) for kind in KINDS}
        return JSONResponse(
            {
                "has_contract": has_contract,
                "violations": account.violations,
                "requests": dict(account.requests),
                "streams_open": account.streams_open,
                "most_streams_open": account.most_streams_open,
                "characters_used": account.characters_used,
                "post_calls": account.post_calls,
                **things,
            }
        )

    async def set_faults(request: Request) -> Response:
        account.faults.set([Fault.model_validate(item) for item in await request.json()])
        return Response(status_code=204)

    async def behave(request: Request) -> Response:
        changes = {**account.behaviour.model_dump(), **await request.json()}
        account.behaviour = Behaviour.model_validate(changes)
        return Response(status_code=204)

    async def forget(_: Request) -> Response:
        """Forget what was counted, not what was made."""
        account.requests.clear()
        account.violations.clear()
        account.most_streams_open = account.characters_used = 0
        return Response(status_code=204)

    async def change(request: Request) -> Response:
        """Put, delete or change a thing behind the client's back."""
        things = getattr(account, request.path_params["kind"])
        thing_id = request.path_params["thing_id"]
        if request.method == "DELETE":
            del things[thing_id]
        elif request.method == "PUT":
            things[thing_id] = await request.json()
        else:
            things[thing_id] = merged(things[thing_id], await request.json())
        return Response(status_code=204)

    return [
        Route("/_fake/state", state),
        Route("/_fake/faults", set_faults, methods=["PUT"]),
        Route("/_fake/behaviour", behave, methods=["PATCH"]),
        Route("/_fake/counts", forget, methods=["DELETE"]),
        Route("/_fake/{kind}/{thing_id}", change, methods=["DELETE", "PATCH", "PUT"]),
    ]
