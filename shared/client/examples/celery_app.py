"""Who speaks, in a Celery worker: each of its processes follows by itself.

NATS_URL=nats://127.0.0.1:4222 BROKER_URL=redis://127.0.0.1 celery -A celery_app worker
"""

import os

from celery import Celery
from persona_client import SyncRoster

app = Celery("greetings", broker=os.environ["BROKER_URL"], backend=os.environ.get("RESULT_URL"))
roster = SyncRoster(os.environ["NATS_URL"], name="celery-app").start()


@app.task(name="greet")
def greet(workspace_id: str, first_name: str) -> str:
    """Return how the persona of the workspace begins a mail."""
    resolution = roster.resolve(workspace_id)
    return f"{resolution.sender_name} to {first_name} ({resolution.freshness})"
