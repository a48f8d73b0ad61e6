"""Who speaks, in a WSGI server: started before the fork, it reads anew in each worker.

NATS_URL=nats://127.0.0.1:4222 gunicorn --preload --workers 2 wsgi_app:app, in this folder
"""

import json
import os
from collections.abc import Callable, Iterable
from urllib.parse import parse_qs

from persona_client import RosterNotReadyError, SyncRoster

roster = SyncRoster(os.environ["NATS_URL"], name="wsgi-app").start()


def app(environ: dict[str, str], start_response: Callable[..., object]) -> Iterable[bytes]:
    """Answer who speaks in `?workspace=`; 503 until that is known."""
    workspace_id = parse_qs(environ["QUERY_STRING"]).get("workspace", ["demo"])[0]
    try:
        answer, status = roster.resolve(workspace_id).as_dict(), "200 OK"
    except RosterNotReadyError as error:
        answer, status = {"detail": str(error)}, "503 Service Unavailable"
    start_response(status, [("Content-Type", "application/json")])
    return [json.dumps({"pid": os.getpid(), **answer}).encode()]
