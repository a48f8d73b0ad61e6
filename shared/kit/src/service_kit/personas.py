"""Personas that a service knows from memory: nobody who writes and then asks sees an older world.

A write of persona-svc answers its revision (`Dramatis-Revision`). Any request to any service may
name one (`Dramatis-At-Least`): it waits for the Roster, before it opens a transaction.
"""

from typing import Protocol
from uuid import UUID

from persona_client import Resolution, Roster, RosterNotReadyError
from persona_contracts import ResolvedPersona
from prometheus_client import Gauge

from service_kit.errors import UpstreamError
from service_kit.principal import PersonaNotFoundError

REVISION_HEADER = "Dramatis-Revision"
AT_LEAST_HEADER = "Dramatis-At-Least"
AT_LEAST_SECONDS = 2.0

roster_age_seconds = Gauge(
    "dramatis_roster_age_seconds",
    "Since when the broker has last confirmed that the personas in memory are current.",
)
roster_sequence = Gauge(
    "dramatis_roster_sequence", "Up to which message of PERSONA_STATE the personas are known."
)


class PersonasNotReadyError(UpstreamError):
    """The personas are not known yet; try again later."""

    slug = "personas-not-ready"


class PersonasBehindError(UpstreamError):
    """The personas of this revision have not arrived here yet; try again later."""

    slug = "personas-behind"


class KnowsRevisions(Protocol):
    """The personas as far as their revisions go: a `Roster`."""

    def revision(self, workspace_id: str) -> int:
        """Return the newest revision that is known of a workspace."""
        ...

    async def wait_for(self, workspace_id: str, revision: int, timeout_seconds: float) -> None:
        """Return when it is known.

        Raises:
            TimeoutError: it is not in time.
        """
        ...


class ResolvesPersonas(Protocol):
    """The personas of every workspace, in memory, as far as who speaks goes: a `Roster`."""

    def resolve(
        self,
        workspace_id: str,
        *,
        campaign_id: str | None,
        sequence_persona_id: UUID | None,
        channel: str,
    ) -> Resolution:
        """Return who speaks.

        Raises:
            RosterNotReadyError: the personas have not been read yet.
        """
        ...


def resolve_persona(
    personas: ResolvesPersonas,
    workspace_id: str,
    *,
    campaign_id: str | None,
    sequence_persona_id: UUID | None = None,
    channel: str,
) -> Resolution:
    """Return who speaks, by the tiers of domain.md §3 (A42).

    Raises:
        PersonasNotReadyError: the personas have not been read yet.
    """
    try:
        return personas.resolve(
            workspace_id,
            campaign_id=campaign_id,
            sequence_persona_id=sequence_persona_id,
            channel=channel,
        )
    except RosterNotReadyError as error:
        raise PersonasNotReadyError(str(error)) from error


async def wait_for_revision(
    roster: KnowsRevisions,
    workspace_id: str,
    revision: int,
    *,
    timeout_seconds: float = AT_LEAST_SECONDS,
) -> None:
    """Return when `roster` has everything of `revision`; hold no connection meanwhile.

    Raises:
        PersonasBehindError: it does not have it in time.
    """
    try:
        await roster.wait_for(workspace_id, revision, timeout_seconds)
    except TimeoutError as error:
        known = roster.revision(workspace_id)
        raise PersonasBehindError(
            f"Revision {revision} was asked for; {known} is known here."
        ) from error


async def known_persona(roster: Roster, workspace_id: str, persona_id: UUID) -> ResolvedPersona:
    """Return a persona, waiting up to a second for one that may have been created just now.

    Raises:
        PersonaNotFoundError: this workspace has none with that id.
        PersonasNotReadyError: the personas have not been read yet.
    """
    persona = await wait_for_persona(roster, workspace_id, persona_id)
    if persona is None:
        raise PersonaNotFoundError(f"no persona {persona_id}")
    return persona


async def wait_for_persona(
    roster: Roster, workspace_id: str, persona_id: UUID
) -> ResolvedPersona | None:
    """Return a persona, or None a second later: for requests that may name one that is not there.

    Raises:
        PersonasNotReadyError: the personas have not been read yet.
    """
    try:
        return await roster.find_persona(workspace_id, persona_id)
    except RosterNotReadyError as error:
        raise PersonasNotReadyError(str(error)) from error
