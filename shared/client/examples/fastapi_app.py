"""Who speaks, in FastAPI: one Roster per process, as long as the application lives.

NATS_URL=nats://127.0.0.1:4222 uvicorn --app-dir shared/client/examples fastapi_app:app
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, HTTPException, Request
from persona_client import Roster, RosterNotReadyError


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[dict[str, Roster]]:
    """Follow while the application runs."""
    async with Roster(os.environ["NATS_URL"], name="fastapi-app") as roster:
        yield {"roster": roster}


app = FastAPI(lifespan=lifespan)


@app.get("/speaker")
async def speaker(request: Request, workspace: str = "demo") -> dict[str, object]:
    """Answer who speaks in a workspace; 503 until that is known."""
    roster: Roster = request.state.roster
    try:
        return roster.resolve(workspace).as_dict()
    except RosterNotReadyError as error:
        raise HTTPException(503, str(error)) from error
