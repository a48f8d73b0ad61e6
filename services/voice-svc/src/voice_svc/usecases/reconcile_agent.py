"""Bring an agent into step with its persona: leased work."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from random import uniform

from persona_client import Roster, RosterNotReadyError
from persona_contracts import ResolvedPersona, VoiceAgentFailedV1, VoiceAgentReadyV1, VoiceError
from service_kit.crash_points import crash_point
from service_kit.errors import ServiceError, UpstreamError
from service_kit.leases import Claim
from service_kit.outbox import publish
from service_kit.personas import PersonasNotReadyError, wait_for_revision
from service_kit.store import Session, database_now
from service_kit.work import Finish

from voice_svc.adapters import agent_revisions, agents, known_voices
from voice_svc.domain import agent_template as template
from voice_svc.domain.agent import Agent, AgentError, AgentGoneError, AgentQueuedError, AgentState
from voice_svc.domain.agent_difference import find_differences, hash_of
from voice_svc.domain.agent_spec import AgentSpec, SecretSpec
from voice_svc.domain.provider import (
    ProviderNotConfiguredError,
    ProviderQuotaError,
    ProviderRefusedError,
    ProviderThingNotFoundError,
    ProviderUnauthorizedError,
)
from voice_svc.domain.tool_secret import hash_secret
from voice_svc.usecases.choose_voice import ChooseVoice, ChosenVoice
from voice_svc.usecases.describe_agent import AgentDefaults, describe_agent
from voice_svc.usecases.describe_tool import describe_tool
from voice_svc.usecases.ports import Agents
from voice_svc.usecases.remove_agent import remove_agent
from voice_svc.usecases.tell_replaced_voice import DISCONTINUED, tell_replaced_voice

JITTER = 0.1
"""How much earlier or later than planned an agent is compared."""
UNCONFIGURED_SECONDS = 60.0
"""How often it is looked whether there is a key now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentTimes:
    """When an agent is worked on again."""

    settle_seconds: float
    resync_seconds: float
    retry_delays_seconds: Sequence[float]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Task:
    """One agent to work on, and what it should be."""

    claim: Claim[Agent]
    persona: ResolvedPersona
    voice: ChosenVoice
    may_exist: bool
    """An attempt was cut short: what has no id yet may have been made all the same."""


class ReconcileAgent:
    """Compares what a persona wants with what the vendor has, and changes the latter.

    What is made is stored at once: when a process dies, at most one step is in doubt, and whoever
    goes on looks for its result before it makes another.
    """

    def __init__(
        self,
        roster: Roster,
        vendor: Agents,
        voices: ChooseVoice,
        defaults: AgentDefaults,
        times: AgentTimes,
    ) -> None:
        self._roster = roster
        self._voices = voices
        self._vendor = vendor
        self._defaults = defaults
        self._times = times

    async def do(self, claim: Claim[Agent]) -> Finish:
        """Do the slow part, outside any transaction, and return how to store its result."""
        try:
            return await self._do(claim)
        except ProviderNotConfiguredError as error:
            agent = replace(
                claim.item, state=AgentState.NOT_CONFIGURED, error=_described(error), drift=()
            )

            # Without a key this attempt has made nothing; an earlier one may have.
            is_in_doubt = claim.attempts > 1 or claim.deaths > 0

            async def finish(session: Session) -> None:
                await self._store(
                    session, agent, claim.item, UNCONFIGURED_SECONDS, is_in_doubt=is_in_doubt
                )

            return finish
        except UpstreamError as error:
            raise AgentQueuedError(
                str(error), cause=error, delay_seconds=self._delay_seconds(claim, error)
            ) from error

    async def give_up(self, session: Session, claim: Claim[Agent], error: ServiceError) -> None:
        """Store why it is not in step; it is tried again when the persona changes, or later."""
        cause = error.cause if isinstance(error, AgentQueuedError) else error
        agent = await agents.get(session, claim.item_id)
        why = _described(cause)
        failed = replace(agent, state=_state_after(agent, cause), error=why)
        next_seconds = self._after_give_up(claim, cause)
        await self._store(session, failed, claim.item, next_seconds, is_in_doubt=True)
        if failed.state is AgentState.FAILED and failed.error != agent.error:
            await publish(session, _failed_event(failed, why, await database_now(session)))

    async def _store(
        self,
        session: Session,
        agent: Agent,
        claimed: Agent,
        next_seconds: float | None,
        *,
        is_in_doubt: bool = False,
    ) -> None:
        await agents.finish(
            session,
            agent,
            claimed,
            next_seconds=next_seconds,
            settle_seconds=self._times.settle_seconds,
            is_in_doubt=is_in_doubt,
        )

    def _delay_seconds(self, claim: Claim[Agent], error: UpstreamError) -> float:
        """Return how long to wait: as long as was asked, at least, and no two alike."""
        delays = self._times.retry_delays_seconds
        delay = delays[min(claim.attempts, len(delays)) - 1] if delays else 0.0
        asked = error.extra.get("retry_after_seconds")
        least = max(delay, asked if isinstance(asked, int | float) else 0.0)
        return least * uniform(1, 2)  # noqa: S311 — no secret

    def _after_give_up(self, claim: Claim[Agent], cause: ServiceError) -> float:
        """Return when to try again: soon, unless the vendor has refused."""
        if isinstance(cause, ProviderUnauthorizedError) or not isinstance(cause, UpstreamError):
            return self._later()
        return min(self._delay_seconds(claim, cause), self._later())

    def _later(self) -> float:
        spread = uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 — no secret
        return self._times.resync_seconds * spread

    async def _do(self, claim: Claim[Agent]) -> Finish:
        agent, persona = claim.item, await self._wanted_persona(claim.item)
        may_exist = claim.attempts > 1 or claim.deaths > 0
        if persona is None or agent.state is AgentState.DELETING:
            await claim.keep(agents.saver(replace(agent, state=AgentState.DELETING)))
            await remove_agent(self._vendor, agent, self._defaults.public_url, may_exist=may_exist)
            removed = agent.removed()
            if persona is None:

                async def finish(session: Session) -> None:
                    await self._store(session, removed, claim.item, None)

                return finish
            agent = replace(removed, state=AgentState.CREATING)
            await claim.keep(agents.saver(agent))
        if agent.agent_id is None:
            agent = replace(agent, state=AgentState.CREATING)
        voice = await self._voices.choose(claim.workspace_id, persona)
        spec = describe_agent(persona, claim.workspace_id, self._defaults, voice_id=voice.voice_id)
        task = _Task(claim=claim, persona=persona, voice=voice, may_exist=may_exist)
        return await self._bring_into_step(task, agent, spec)

    async def _bring_into_step(self, task: _Task, agent: Agent, spec: AgentSpec) -> Finish:
        agent = await self._provide_secret(task, agent)
        with_tool = replace(spec, tool_ids=(agent.tool_id or "",))
        is_pushed = agent.agent_id is not None and agent.wanted_hash == hash_of(with_tool)
        agent = await self._provide_tool(task, agent, check=is_pushed)
        spec = replace(spec, tool_ids=(agent.tool_id or "",))
        try:
            pushed = await self._provide_agent(task, agent, spec, make=agent.agent_id is None)
        except (ProviderThingNotFoundError, ProviderRefusedError):
            # It, or its tool, may be gone: then there is another request to make.
            checked = await self._provide_tool(task, agent, check=True)
            make = await self._is_gone(agent)
            if checked == agent and make == (agent.agent_id is None):
                raise
            agent, spec = checked, replace(spec, tool_ids=(checked.tool_id or "",))
            pushed = await self._provide_agent(task, agent, spec, make=make)
        compared = await self._compare(pushed, spec, is_new=pushed != agent)
        if compared is None:
            pushed = await self._provide_agent(task, agent, spec, make=True)
            compared = await self._compare(pushed, spec, is_new=True)
        if compared is None:
            raise AgentGoneError(f"agent {pushed.agent_id} was removed at the vendor's")
        return self._finish(task, compared, is_new=pushed != agent)

    async def _wanted_persona(self, agent: Agent) -> ResolvedPersona | None:
        """Return the persona, as new as was told; None: it shall have no agent."""
        await wait_for_revision(self._roster, agent.workspace_id, agent.wanted_revision)
        try:
            persona = self._roster.persona(agent.workspace_id, agent.persona_id)
        except RosterNotReadyError as error:
            raise PersonasNotReadyError(str(error)) from error
        desired = persona is not None and persona.voice is not None and persona.voice.enabled
        return persona if desired else None

    async def _provide_secret(self, task: _Task, agent: Agent) -> Agent:
        """Return the agent with a secret for its tool; the vendor keeps it, we keep its hash."""
        if agent.secret_id is not None:
            return agent
        secret = SecretSpec(
            name=template.secret_name(agent.persona_id), value=secrets.token_urlsafe(32)
        )
        found = [item async for item in self._vendor.secrets(secret.name)] if task.may_exist else []
        if found:
            secret_id = found[0].secret_id
            await self._vendor.update_secret(secret_id, secret)
        else:
            secret_id = await self._vendor.create_secret(secret)
        for other in found[1:]:
            await self._vendor.delete_secret(other.secret_id)
        crash_point("agent-secret-made")
        made = replace(agent, secret_id=secret_id, tool_secret_sha256=hash_secret(secret.value))
        return await _keep(task, made)

    async def _provide_tool(self, task: _Task, agent: Agent, *, check: bool) -> Agent:
        """Return the agent with its tool; `check`: look whether one that it has is still right."""
        tool = describe_tool(agent, self._defaults)
        if agent.tool_id is not None:
            if not check:
                return agent
            try:
                if (await self._vendor.get_tool(agent.tool_id)).spec != tool:
                    await self._vendor.update_tool(agent.tool_id, tool)
            except ProviderThingNotFoundError:
                pass
            else:
                return agent
        found = [item async for item in self._vendor.tools(tool.url)] if task.may_exist else []
        if found:
            tool_id = found[0].tool_id
            await self._vendor.update_tool(tool_id, tool)
        else:
            tool_id = await self._vendor.create_tool(tool)
        for other in found[1:]:
            await self._vendor.delete_tool(other.tool_id)
        crash_point("agent-tool-made")
        return await _keep(task, replace(agent, tool_id=tool_id))

    async def _provide_agent(
        self, task: _Task, agent: Agent, spec: AgentSpec, *, make: bool
    ) -> Agent:
        """Return the agent as it should be at the vendor's: changed in one request, or made.

        Raises:
            ProviderThingNotFoundError: it is not there, and is not to be made.
        """
        desired = replace(
            agent, wanted_hash=hash_of(spec), template_version=template.TEMPLATE_VERSION
        )
        if not make:
            if agent.wanted_hash != desired.wanted_hash:
                await self._vendor.update_agent(agent.agent_id or "", spec)
            return desired
        found = [item async for item in self._vendor.agents(spec.tags[0])] if task.may_exist else []
        if found:
            agent_id = found[0].agent_id
            await self._vendor.update_agent(agent_id, spec)
        else:
            agent_id = await self._vendor.create_agent(spec)
        for other in found[1:]:
            await self._vendor.delete_agent(other.agent_id)
        crash_point("agent-made")
        return await _keep(task, replace(desired, agent_id=agent_id))

    async def _is_gone(self, agent: Agent) -> bool:
        """Return whether the vendor has no such agent."""
        if agent.agent_id is None:
            return True
        try:
            await self._vendor.get_agent(agent.agent_id)
        except ProviderThingNotFoundError:
            return True
        return False

    async def _compare(self, agent: Agent, spec: AgentSpec, *, is_new: bool) -> Agent | None:
        """Return the agent after reading it back; None: it was removed at the vendor's.

        What somebody else has changed is changed back.
        """
        crash_point("agent-pushed")
        agent_id = agent.agent_id or ""
        try:
            observed = (await self._vendor.get_agent(agent_id)).spec
            if not is_new and find_differences(spec, observed):
                await self._vendor.update_agent(agent_id, spec)
                observed = (await self._vendor.get_agent(agent_id)).spec
        except ProviderThingNotFoundError:
            return None
        drift = find_differences(spec, observed)
        return agent.compared(drift=drift, observed_hash=hash_of(observed))

    def _finish(self, task: _Task, agent: Agent, *, is_new: bool) -> Finish:
        """Return how to store that the agent runs the persona."""
        claim, revision, voice = task.claim, task.persona.revision, task.voice

        async def finish(session: Session) -> None:
            now = await database_now(session)
            since = now if is_new or agent.running_since is None else agent.running_since
            stored = replace(
                agent,
                revision=revision,
                running_since=since,
                checked_at=now,
                voice_id=voice.voice_id,
                replaced_voice_id=voice.replaced_voice_id,
            )
            await self._store(session, stored, claim.item, self._later())
            await agent_revisions.record(
                session, claim.workspace_id, agent.persona_id, agent.agent_id or "", revision
            )
            if voice.traits is not None:
                await known_voices.add(
                    session, claim.workspace_id, agent.persona_id, voice.voice_id, voice.traits
                )
            if stored.replaced_voice_id not in {None, claim.item.replaced_voice_id}:
                await tell_replaced_voice(
                    session,
                    claim.workspace_id,
                    agent.persona_id,
                    (stored.replaced_voice_id or "", voice.voice_id),
                    reason=DISCONTINUED,
                )
            if _is_news(claim.item, stored):
                await publish(session, _ready_event(stored, now))

        return finish


async def _keep(task: _Task, agent: Agent) -> Agent:
    """Store what was made, at once."""
    await task.claim.keep(agents.saver(agent))
    return agent


def _is_news(before: Agent, after: Agent) -> bool:
    return (
        before.wanted_hash != after.wanted_hash
        or before.agent_id != after.agent_id
        or before.state not in (AgentState.READY, AgentState.DRIFTED)
    )


def _state_after(agent: Agent, error: ServiceError) -> AgentState:
    """Return the state after the last attempt failed for now."""
    if isinstance(error, ProviderQuotaError):
        return AgentState.QUOTA
    if isinstance(error, UpstreamError) and not isinstance(error, ProviderUnauthorizedError):
        return agent.state
    return AgentState.FAILED


def _described(error: ServiceError) -> AgentError:
    return AgentError(code=error.slug, title=error.title(), detail=str(error))


def _ready_event(agent: Agent, now: datetime) -> VoiceAgentReadyV1:
    return VoiceAgentReadyV1(
        workspace_id=agent.workspace_id,
        occurred_at=now,
        persona_id=agent.persona_id,
        agent_id=agent.agent_id or "",
        revision=agent.revision or 0,
    )


def _failed_event(agent: Agent, error: AgentError, now: datetime) -> VoiceAgentFailedV1:
    return VoiceAgentFailedV1(
        workspace_id=agent.workspace_id,
        occurred_at=now,
        persona_id=agent.persona_id,
        error=VoiceError(code=error.code, title=error.title, detail=error.detail),
    )
