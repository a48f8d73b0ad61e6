"""The same with procrastinate: a job for each due step, and one for each answer of the CRM.

Prints the seconds that it took. usage: python drain.py DATABASE_URL NATS_URL JOBS
"""

import asyncio
import contextlib
import json
import sys
from time import perf_counter, sleep
from uuid import uuid4

import nats
import procrastinate
import psycopg
from followup_svc.domain.message import compose
from followup_svc.domain.sequence import Step
from followup_svc.domain.tokens import Facts
from followup_svc.domain.window import Delay
from nats.js import JetStreamContext
from nats.js.api import ConsumerConfig, DeliverPolicy
from procrastinate.tasks import Task
from psycopg_pool import AsyncConnectionPool

CONCURRENCY = 20
POOL = 12
_READ = """
select i.instance_id, i.workspace_id, i.lead_id, i.sequence_id, v.definition, l.profile
from instance i
join sequence_version v on v.sequence_id = i.sequence_id and v.version = i.sequence_version
join lead l on l.workspace_id = i.workspace_id and l.lead_id = i.lead_id
where i.instance_id = %s and i.state = 'active' and not i.awaiting_answer for update of i
"""
_STEP = """
insert into step (instance_id, number, workspace_id, request_id, attempt, status, channel, subject,
  text, resolution, event_id) values (%s, 1, %s, %s, 1, 'requested', 'email', %s, %s, '{}', %s)
"""
_INSTANCE = """
update instance set awaiting_answer = true, next_at = now() + interval '15 min'
where instance_id = %s
"""
_SENT = """
update step set status = 'sent', sent_at = now() where request_id = %s and status = 'requested'
returning instance_id
"""
_COMPLETED = """
update instance set state = 'completed', awaiting_answer = false, next_at = null, ended_at = now()
where instance_id = %s
"""
_LEFT = "select 1 from instance where state = 'active' limit 1"
PERSONA = {
    "sender_name": "Anna Berg",
    "signature": "Anna Berg\nAcme, Berlin",
    "service_description": "Acme rents bicycles to companies.",
}


async def send(pool: AsyncConnectionPool, js: JetStreamContext, instance_id: str) -> None:
    """Render one step, store it in a transaction, and publish the request."""
    async with pool.connection() as connection:
        row = await (await connection.execute(_READ, [instance_id])).fetchone()
        if row is None:
            return
        _, workspace_id, lead_id, sequence_id, definition, profile = row
        step = definition["steps"][0]
        message = compose(
            Step(
                channel=step["channel"],
                delay=Delay(**step["delay"]),
                subject=step["subject"],
                body=step["body"],
            ),
            Facts(first_name=profile["first_name"], company=profile["company"], **PERSONA),
            None,
        )
        request_id, event_id = uuid4(), uuid4()
        body = {
            "workspace_id": workspace_id,
            "instance_id": instance_id,
            "request_id": str(request_id),
            "attempt": 1,
            "sequence_id": str(sequence_id),
            "lead_id": lead_id,
            "subject": message.subject,
            "text": message.text,
        }
        values = [instance_id, workspace_id, request_id, message.subject, message.text, event_id]
        await connection.execute(_STEP, values)
        await connection.execute(_INSTANCE, [instance_id])
    subject = f"followup.send_requested.v1.{workspace_id}"
    await js.publish(subject, json.dumps(body).encode(), headers={"Nats-Msg-Id": str(event_id)})


async def settle(pool: AsyncConnectionPool, request_id: str) -> None:
    """Store that a step was sent."""
    async with pool.connection() as connection:
        row = await (await connection.execute(_SENT, [request_id])).fetchone()
        if row is not None:
            await connection.execute(_COMPLETED, [row[0]])


async def main(url: str, nats_url: str, jobs: int) -> float:
    """Defer the jobs; return the seconds of one worker for them and for the answers."""
    app = procrastinate.App(
        connector=procrastinate.PsycopgConnector(conninfo=url, min_size=POOL, max_size=POOL)
    )
    broker = await nats.connect(nats_url)
    js = broker.jetstream()
    async with AsyncConnectionPool(url, min_size=POOL, max_size=POOL) as pool, app.open_async():
        await app.schema_manager.apply_schema_async()

        @app.task(name="send")
        async def send_job(instance_id: str) -> None:
            await send(pool, js, instance_id)

        @app.task(name="settle")
        async def settle_job(request_id: str) -> None:
            await settle(pool, request_id)

        listening = await listen(js, settle_job)
        with psycopg.connect(url) as connection:
            rows = connection.execute("select instance_id from instance").fetchall()
        await send_job.batch_defer_async(*({"instance_id": str(row[0])} for row in rows))
        start = perf_counter()
        worker = app.run_worker_async(concurrency=CONCURRENCY, install_signal_handlers=False)
        working = asyncio.create_task(worker)
        sent = await asyncio.to_thread(until_all_are_sent, url)
        took = perf_counter() - start
        for task in (listening, working):
            task.cancel()
        await asyncio.gather(listening, working, return_exceptions=True)
    await broker.close()
    if sent != jobs:
        raise RuntimeError(f"{sent} of {jobs} steps were sent")
    return took


async def listen(js: JetStreamContext, settle_job: Task) -> asyncio.Task[None]:
    """Defer a job for each answer of the CRM that comes from now on."""
    answers = await js.pull_subscribe(
        "message.sent.v1.*",
        durable=f"peer-{uuid4().hex}",
        stream="CRM",
        config=ConsumerConfig(deliver_policy=DeliverPolicy.NEW),
    )

    async def work() -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                messages = await answers.fetch(100, timeout=1)
                ids = [json.loads(message.data)["request_id"] for message in messages]
                await settle_job.batch_defer_async(*({"request_id": each} for each in ids))
                for message in messages:
                    await message.ack()

    return asyncio.create_task(work())


def until_all_are_sent(url: str) -> int:
    """Return how many steps were sent, once no instance is active."""
    with psycopg.connect(url, autocommit=True) as connection:
        while connection.execute(_LEFT).fetchone():
            sleep(0.1)
        rows = connection.execute("select 1 from step where status = 'sent'").fetchall()
    return len(rows)


if __name__ == "__main__":
    database_url, broker_url, count = sys.argv[1:]
    took = asyncio.run(main(database_url.replace("+psycopg", ""), broker_url, int(count)))
    sys.stdout.write(str(took))
