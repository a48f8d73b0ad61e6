"""Replicas of followup-svc to be killed, a CRM that answers, and the account of what was asked."""

import asyncio
import contextlib
import json
from itertools import count as count_from

import psycopg
from faults.checker import violations
from faults.history import History
from following import NOW, Campaigner, persona, sequence, step
from nats.errors import Error as NatsError
from nats.js.api import ConsumerConfig
from persona_contracts import MessageSentV1, subject_for
from service_devkit.embedded import ServiceProcess
from service_devkit.testing.api import Api, service_env
from service_devkit.testing.waiting import HANG_SECONDS, wait_until
from service_kit.clock import utc_now

_workspaces = count_from(1)
LEADS_AT_ONCE = 200
LEASE_SECONDS = 6
ACK_WAIT_SECONDS = 3
TIMES = {
    "DRAMATIS_LEASE_SECONDS": str(LEASE_SECONDS),
    "DRAMATIS_HEARTBEAT_SECONDS": "2",
    "DRAMATIS_ACK_WAIT_SECONDS": str(ACK_WAIT_SECONDS),
}
SLACK_SECONDS = 5
"""What a due step may take beside the lease of who died with it."""


class Crm:
    """Sends what it is asked to, each (request, attempt) once, and says so."""

    def __init__(self, connection):
        self._js = connection.jetstream()
        self.asked = []
        self._task = None

    async def __aenter__(self):
        self._task = asyncio.create_task(self._work())
        return self

    async def __aexit__(self, *_):
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    async def _work(self):
        subscription = None
        while True:
            try:
                subscription = subscription or await self._js.pull_subscribe(
                    "followup.send_requested.v1.*",
                    durable="crm",
                    stream="FOLLOWUP",
                    config=ConsumerConfig(ack_wait=ACK_WAIT_SECONDS),
                )
                messages = await subscription.fetch(100, timeout=0.5)
                await asyncio.gather(*(self._answer(message) for message in messages))
            except (TimeoutError, NatsError, OSError):
                await asyncio.sleep(0.05)

    async def _answer(self, message):
        request = json.loads(message.data)
        self.asked.append((request["request_id"], request["attempt"]))
        answer = MessageSentV1(
            workspace_id=request["workspace_id"],
            request_id=request["request_id"],
            attempt=request["attempt"],
            sent_at=utc_now(),
        )
        await self._js.publish(subject_for(answer), answer.model_dump_json().encode())
        await message.ack()


class Followups:
    """Some replicas of followup-svc on one database."""

    def __init__(self, database, folder, nats_url, replicas=1):
        self.database = database
        self.history = History(folder / "history.jsonl")
        self.processes = []
        env = service_env(folder, database_url=database.login_url, nats_url=nats_url)
        env |= TIMES | {
            "DRAMATIS_FOLLOWUP_DUE_CHECK_SECONDS": "0.1",
            "DRAMATIS_FOLLOWUP_RETRY_DELAYS_SECONDS": "[0.1, 0.1]",
        }
        self._env = env
        for number in range(replicas):
            data_dir = folder / str(number)
            data_dir.mkdir()
            own = {**env, "DRAMATIS_DATA_DIR": str(data_dir)}
            log_path = folder / f"followup-{number}.log"
            self.processes.append(ServiceProcess("followup_svc", env=own, log_path=log_path))
        self.api = Api(self.processes[0], folder)

    async def start(self, die_at=None):
        for process in self.processes:
            env = {key: value for key, value in process._env.items() if key != "DRAMATIS_DIE_AT"}
            process._env = {**env, **({"DRAMATIS_DIE_AT": die_at} if die_at else {})}
            if die_at:
                await asyncio.to_thread(process.spawn)
            else:
                await asyncio.to_thread(process.start)

    def reach_database_by(self, port):
        """Let the processes go through a fault link, at their next start."""
        url = self.database.login_url_by(port)
        for process in self.processes:
            process._env = {**process._env, "DRAMATIS_DATABASE_URL": url}

    async def stop(self):
        for process in self.processes:
            await asyncio.to_thread(process.stop)

    async def until_dead(self):
        await wait_until(lambda: not self.processes[0].is_running)

    async def sql(self, query, *values):
        """Run one statement as the superuser; return its rows, if it has any.

        The row lock it waits for may be held by a service behind a FaultLink, which passes bytes on
        this event loop.
        """
        opened = await psycopg.AsyncConnection.connect(self.database.admin_url, autocommit=True)
        async with opened as admin:
            cursor = await admin.execute(query, values)
            return await cursor.fetchall() if cursor.description else []

    @contextlib.asynccontextmanager
    async def workspace(self, connection):
        """Return a workspace that no other test uses; its window is always open."""
        workspace_id = f"fu{next(_workspaces)}"
        async with self.api.client(workspace_id) as client:
            campaigner = Campaigner(workspace_id, connection, client)
            await campaigner.default(persona())
            await campaigner.settings(send_window=None)
            yield campaigner

    async def make_due(self, count):
        """Let the first step of so many instances be due now."""
        rows = await self.sql(
            "with chosen as (select instance_id from instance where next_at > now()"
            " and step = 1 and not awaiting_answer limit %s), early as (update instance"
            " set next_at = now() where instance_id in (table chosen))"
            " update instance_due set due_at = now() where instance_id in (table chosen)"
            " returning instance_id, extract(epoch from due_at)::float",
            count,
        )
        for instance_id, at in rows:
            self.history.add("step_due", instance_id=instance_id, step=1, at=at)

    async def note_all_up(self):
        """Note that from now on nothing is killed, and what is due has its time."""
        ((now,),) = await self.sql("select extract(epoch from clock_timestamp())::float")
        seconds = LEASE_SECONDS + SLACK_SECONDS
        self.history.add("all_up", at=now, due_within_seconds=seconds)

    async def note_steps(self):
        """Note when each step was requested, and each second step due: as the first was sent."""
        rows = await self.sql(
            "select instance_id, number, extract(epoch from sent_at)::float,"
            " extract(epoch from published_at)::float from step join outbox using (event_id)"
        )
        for instance_id, number, sent_at, requested_at in rows:
            self.history.add(
                "step_requested", instance_id=instance_id, step=number, at=requested_at
            )
            if number == 1:
                self.history.add("step_due", instance_id=instance_id, step=2, at=sent_at)

    async def fill(self, campaigner, leads, first=NOW):
        """Start so many leads with a sequence of two steps, the second due at once."""
        body = sequence(*(step("Hi, it is {senderName}.", delay=delay) for delay in (first, NOW)))
        made = await campaigner.asked("POST", "sequences", json=body)
        for start in range(0, leads, LEADS_AT_ONCE):
            numbers = range(start, min(leads, start + LEADS_AT_ONCE))
            await campaigner.start(made, *(f"lead-{number}" for number in numbers))
        return made

    async def until_completed(self, count, timeout_seconds=HANG_SECONDS):
        """Return once so many instances are completed and all is published."""
        found = None

        async def done():
            nonlocal found
            with contextlib.suppress(psycopg.Error):
                found = await self.sql(
                    "select state, awaiting_answer, step, reason, count(*) from instance"
                    " group by 1, 2, 3, 4"
                )
                unpublished = await self.sql("select 1 from outbox where published_at is null")
                if {row[0] for row in found} == {"completed"} and not unpublished:
                    return sum(row[-1] for row in found) == count
            await asyncio.sleep(0.5)
            return False

        try:
            await wait_until(done, timeout_seconds)
        except TimeoutError as error:
            error.add_note(f"instances: {found}")
            raise

    async def violations(self, crm, steps):
        """Return what is wrong with the account: each step is requested and sent exactly once.

        And none of them late, once `note_all_up` was called.
        """
        await self.note_steps()
        rows = await self.sql(
            "select body ->> 'request_id', (body ->> 'attempt')::int, body ->> 'instance_id',"
            " (body ->> 'step')::int from (select convert_from(body, 'utf8')::jsonb as body"
            " from outbox where subject like 'followup.send_requested%%') requests"
        )
        requests = [(request_id, attempt) for request_id, attempt, _, _ in rows]
        asked_for = [(instance_id, number) for _, _, instance_id, number in rows]
        sent = await self.sql("select count(*) from step where status = 'sent'")
        wrong = {
            "requested twice": len(asked_for) - len(set(asked_for)),
            "the same attempt twice": len(requests) - len(set(requests)),
            "not requested": steps - len(set(asked_for)),
            "never reached the CRM": len(set(requests) - set(crm.asked)),
            "asked for out of nothing": len(set(crm.asked) - set(requests)),
            "not sent": steps - sent[0][0],
            "late": len(list(violations(self.history))),
        }
        return {what: number for what, number in wrong.items() if number}
