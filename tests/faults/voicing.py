"""voice-svc as processes to be killed, the stand-in for its vendor, and the account of both."""

import asyncio
from collections import Counter
from contextlib import asynccontextmanager
from itertools import count

import psycopg
from cast import Cast, url_of
from service_devkit.embedded import ServiceProcess
from service_devkit.testing.api import Api, service_env
from service_devkit.testing.waiting import HANG_SECONDS, wait_until
from service_devkit.vendors.elevenlabs import KEY

_workspaces = count(1)


class Voices:
    """Replicas of voice-svc, to be killed, and what is left at the vendor's."""

    def __init__(self, database, folder, nats_url, fake, replicas=1, **more):
        self.database = database
        self.fake = fake
        self._env = {
            **service_env(folder, database_url=database.login_url, nats_url=nats_url),
            "DRAMATIS_ACK_WAIT_SECONDS": "3",
            "DRAMATIS_LEASE_SECONDS": "4",
            "DRAMATIS_HEARTBEAT_SECONDS": "1",
            "DRAMATIS_VOICE_ELEVENLABS_API_KEY": KEY,
            "DRAMATIS_VOICE_ELEVENLABS_BASE_URL": fake.url,
            "DRAMATIS_VOICE_ELEVENLABS_FAKE": "true",
            "DRAMATIS_VOICE_VENDOR_TIMEOUT_SECONDS": "1",
            "DRAMATIS_VOICE_SETTLE_SECONDS": "0.1",
            "DRAMATIS_VOICE_RETRY_DELAYS_SECONDS": "[0.1, 0.2, 0.5, 1, 2]",
            **more,
        }
        self.processes = [
            ServiceProcess("voice_svc", env=self._env, log_path=folder / f"voice-{number}.log")
            for number in range(replicas)
        ]
        self.api = Api(self.processes[0], folder)

    async def start(self, die_at=None):
        for process in self.processes:
            process._env = {**self._env, **({"DRAMATIS_DIE_AT": die_at} if die_at else {})}
            await asyncio.to_thread(process.spawn if die_at else process.start)

    async def kill(self):
        for process in self.processes:
            await asyncio.to_thread(process.kill)

    async def stop(self):
        for process in self.processes:
            await asyncio.to_thread(process.stop)

    async def until_dead(self):
        (process,) = self.processes
        await wait_until(lambda: not process.is_running)

    def admin(self):
        """Return a superuser's connection."""
        return psycopg.connect(self.database.admin_url, autocommit=True)

    def sql(self, query, *values):
        with self.admin() as admin:
            cursor = admin.execute(query, values)
            return cursor.fetchall() if cursor.description else []

    def end_leases(self):
        """Let what a killed process had claimed be claimed at once."""
        self.sql("update agent set due_at = now() where lease_token is not null")
        self.sql("delete from service_lease")

    @asynccontextmanager
    async def cast(self, connection):
        """Open a workspace that no other test uses."""
        workspace_id = f"voices{next(_workspaces)}"
        async with self.api.client(workspace_id) as client:
            yield Cast(workspace_id, connection, client, self.fake)

    async def until_in_step(self, cast, desired, seconds=HANG_SECONDS):
        """Wait until each of `desired` runs its newest revision, and nobody else runs anything."""
        revisions = sorted((str(who.persona_id), who.revision) for who in desired)
        query = (
            "select persona_id::text, revision from agent where workspace_id = %s"
            " and state = 'ready' and agent_id is not null order by persona_id::text"
        )
        unfinished = (
            "select count(*) from agent where workspace_id = %s"
            " and (lease_token is not null or state not in ('ready', 'not_configured'))"
        )

        def reached():
            return self.sql(query, cast.workspace_id) == revisions and self.sql(
                unfinished, cast.workspace_id
            ) == [(0,)]

        await wait_until(reached, seconds)

    def account(self, cast, desired):
        """Return what is wrong at the vendor's: too many, too few, or another's."""
        state = self.fake.state()
        ids = {str(who.persona_id) for who in desired}
        spoken = {str(who.persona_id): who.voice.voice_id for who in desired}
        agents, owners = cast.mine(), Counter()
        wrong = list[str]()
        for agent_id, agent in agents.items():
            (owner,) = (tag[8:] for tag in agent["tags"] if tag.startswith("persona:"))
            owners[owner] += 1
            (tool_id,) = agent["conversation_config"]["agent"]["prompt"]["tool_ids"]
            if not url_of(state["tools"][tool_id]).endswith(f"/{owner}"):
                wrong.append(f"{agent_id} has the tool of another")
            voice_id = agent["conversation_config"]["tts"]["voice_id"]
            if spoken.get(owner) not in {None, voice_id}:
                wrong.append(f"{owner} has another voice")
        wrong += [f"{owner} has {number} agents" for owner, number in owners.items() if number > 1]
        wrong += [f"{owner} has none" for owner in ids - owners.keys()]
        wrong += [f"{owner} is an orphan" for owner in owners.keys() - ids]
        own_urls = [url_of(tool).rpartition("/")[2] for tool in state["tools"].values()]
        if sorted(own_urls) != sorted(ids):
            wrong.append(f"{len(own_urls)} tools for {len(ids)} personas")
        if len(state["secrets"]) != len(ids):
            wrong.append(f"{len(state['secrets'])} secrets for {len(ids)} personas")
        return wrong
