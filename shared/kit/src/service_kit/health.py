"""`/livez`, `/readyz`, `/startupz`: a process is taken out only when it cannot answer at all."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from fastapi import Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from structlog import get_logger

from service_kit.errors import UpstreamError
from service_kit.problem import problem_response
from service_kit.store import Session, Store, is_away

DATABASE_GRACE_SECONDS = 10
PROBE_SECONDS = 2
PROBE_TIMEOUT_SECONDS = 5

log = get_logger(__name__)


class NotReadyError(UpstreamError):
    """This service cannot answer now; try again later."""

    slug = "not-ready"


class NotStartedError(UpstreamError):
    """This process has not reached all that it works with yet."""

    slug = "not-started"


class RosterHealth(BaseModel):
    """How current the personas in memory are."""

    freshness: Literal["READY", "STALE", "NOT_READY"]
    age_seconds: float | None
    stream_sequence: int
    """Up to where PERSONA_STATE is known: compare it with the stream's last sequence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """What runs."""

    service: str
    version: str
    commit: str


UNKNOWN_BUILD = Build(service="unknown", version="unknown", commit="unknown")
SchemaCheck = Callable[[Session], Awaitable[bool]]
"""Returns whether the database's schema is at least the one that this build was made for."""


class Health:
    """What the parts of a service report about themselves."""

    def __init__(
        self,
        *,
        build: Build = UNKNOWN_BUILD,
        stand_ins: Sequence[str] = (),
        roster: Callable[[], RosterHealth] | None = None,
        keys_are_silent: Callable[[], bool] = lambda: False,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.build = build
        self.stand_ins = sorted(stand_ins)
        self._roster = roster
        self._keys_are_silent = keys_are_silent
        self._monotonic = monotonic
        self._degraded: dict[str, str] = {}
        self._worked: set[str] = set()
        self._database_answered_at: float | None = None
        self._schema_is_older = False

    def degraded(self, capability: str, reason: str = "") -> None:
        """Note that `capability`, such as `broker`, does not work now, and why."""
        if capability not in self._degraded:
            log.warning("health.degraded", capability=capability, reason=reason)
        self._degraded[capability] = reason

    def recovered(self, capability: str) -> None:
        """Note that `capability` works again."""
        self._worked.add(capability)
        if capability in self._degraded:
            log.info("health.recovered", capability=capability)
        self._degraded.pop(capability, None)

    @property
    def missing(self) -> Mapping[str, str]:
        """What does not work now, and why, if that is known."""
        return dict(sorted(self._degraded.items()))

    async def probe_database(self, store: Store, schema_is_current: SchemaCheck) -> None:
        """Ask the database once, and note its answer."""
        try:
            async with asyncio.timeout(PROBE_TIMEOUT_SECONDS), store.worker() as session:
                await session.execute(text("select 1"))
                self._schema_is_older = not await schema_is_current(session)
        except (SQLAlchemyError, OSError) as error:
            if is_away(error):
                self.degraded("database")
                return
            # It answers, but lacks a role or a table.
            self._schema_is_older = True
            log.warning("health.schema_not_found", exc_info=error)
        self._database_answered_at = self._monotonic()
        self.recovered("database")

    async def watch_database(self, store: Store, schema_is_current: SchemaCheck) -> None:
        """Probe the database every PROBE_SECONDS until cancelled."""
        while True:
            await self.probe_database(store, schema_is_current)
            await asyncio.sleep(PROBE_SECONDS)

    def readiness(self) -> dict[str, object]:
        """Return what `/readyz` tells.

        Raises:
            NotReadyError: the database has not answered for DATABASE_GRACE_SECONDS (or not yet),
                its schema is older than this build, or the Roster was never filled.
        """
        roster = self._roster() if self._roster else None
        stale = {"roster"} if roster and roster.freshness == "STALE" else set[str]()
        stale |= {"keys"} if self._keys_are_silent() else set()
        report: dict[str, object] = {
            **asdict(self.build),
            "degraded": sorted(self._degraded.keys() | stale),
            "reasons": {name: why for name, why in sorted(self._degraded.items()) if why},
            "stand_ins": self.stand_ins,
            "roster": roster.model_dump() if roster else None,
        }
        if reasons := self._reasons_against(roster):
            raise NotReadyError("; ".join(reasons) + ".", extra=report)
        return {"status": "ready", **report}

    def startup(self) -> dict[str, object]:
        """Return what `/startupz` tells: what worked once is enough, a process stays started.

        Raises:
            NotStartedError: the broker has not confirmed every stream and durable yet.
        """
        if "broker" not in self._worked:
            why = self._degraded.get("broker") or "it does not answer, or a permission is missing"
            raise NotStartedError(f"The broker has not confirmed streams and durables yet: {why}.")
        return {"status": "started"}

    def _reasons_against(self, roster: RosterHealth | None) -> list[str]:
        answered_at, reasons = self._database_answered_at, list[str]()
        if answered_at is None:
            reasons.append("the database has not answered yet")
        elif self._monotonic() - answered_at > DATABASE_GRACE_SECONDS:
            reasons.append(f"the database has not answered for {DATABASE_GRACE_SECONDS} s")
        if self._schema_is_older:
            reasons.append("the database's schema is older than this build")
        if roster and roster.freshness == "NOT_READY":
            reasons.append("the personas have not been loaded yet")
        return reasons


async def livez(request: Request) -> Response:
    """Return 200: the process serves."""
    health: Health = request.app.state.health
    return JSONResponse({"status": "live", **asdict(health.build)})


async def readyz(request: Request) -> Response:
    """Return 200 while this process can do its work, however degraded; else 503."""
    health: Health = request.app.state.health
    try:
        return JSONResponse(health.readiness())
    except NotReadyError as error:
        return problem_response(error)


async def startupz(request: Request) -> Response:
    """Return 200 once the broker has confirmed all that this process uses; before that 503."""
    health: Health = request.app.state.health
    try:
        return JSONResponse(health.startup())
    except NotStartedError as error:
        return problem_response(error)
