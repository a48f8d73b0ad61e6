"""By hand: one route that reads one persona's row. Arguments: port, database URL."""

import asyncio
import sys

import psycopg
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

CONNECTIONS = 5
QUERY = "select fields from persona where persona_id = %s"


async def serve(port: int, database_url: str) -> None:
    """Serve until stopped."""
    free: asyncio.Queue[psycopg.AsyncConnection] = asyncio.Queue()
    for _ in range(CONNECTIONS):
        free.put_nowait(await psycopg.AsyncConnection.connect(database_url, autocommit=True))

    async def show(request: Request) -> Response:
        connection = await free.get()
        try:
            rows = await connection.execute(QUERY, [request.path_params["persona_id"]])
            ((fields,),) = await rows.fetchall()
        finally:
            free.put_nowait(connection)
        return JSONResponse(fields)

    app = Starlette(routes=[Route("/api/personas/{persona_id}", show)])
    config = uvicorn.Config(app, port=port, access_log=False, log_level="warning", lifespan="off")
    await uvicorn.Server(config).serve()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), sys.argv[2]))
