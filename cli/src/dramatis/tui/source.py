"""Reads the lists, all from the studio's one address."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from threading import Lock
from typing import Any, Self
from urllib.parse import quote

from dramatis.errors import CliError
from dramatis.rest import PAGE_LIMIT, Rest
from dramatis.tui.actions import Action, Row, filled
from dramatis.tui.views import VIEWS, View

LAYERS = ("system", "rag", "user")


@dataclass(frozen=True, slots=True)
class Scope:
    """What a list is of: fields for its path and its actions."""

    name: str = ""
    """What people call it."""
    fields: Row = field(default_factory=dict[str, Any])


class Source:
    """The stack as its caller may see it; each method may raise CliError, and one asks at a time.

    The end of its block waits for who asks, and closes the connections.
    """

    def __init__(self, studio: Rest) -> None:
        self._open = studio
        self._lock = Lock()
        self._is_closed = False

    def __enter__(self) -> Self:
        """Return the source."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connections, once nobody asks."""
        with self._lock:
            self._is_closed = True
            self._open.__exit__()

    @contextmanager
    def _studio(self) -> Generator[Rest]:
        with self._lock:
            if self._is_closed:
                raise CliError("The terminal interface has ended.")
            yield self._open

    def me(self) -> Row:
        """Return who the caller is."""
        with self._studio() as studio:
            return studio.get("/api/me")

    def rows(self, name: str, scope: Scope) -> list[Row]:
        """Return the first PAGE_LIMIT rows of a list, each with the fields of its scope."""
        read = _READERS.get(name, _page)
        with self._studio() as studio:
            found = list(islice(read(studio, VIEWS[name], scope), PAGE_LIMIT))
        return [{"row": number, **scope.fields, **row} for number, row in enumerate(found)]

    def detail(self, view: View, row: Row) -> Row:
        """Return all that is known of a row."""
        if view.detail is None:
            return row
        with self._studio() as studio:
            return studio.get(path_of(view.detail, row))

    def do(self, action: Action, fields: Row) -> object:
        """Send an action's request; returns its answer, None when it has none."""
        if action.request is None:
            raise ValueError(f"{action.label} is no request")
        method, path = action.request
        body = {filled(name, fields): filled(text, fields) for name, text in action.body}
        sent = {"json": body} if body else {}
        with self._studio() as studio:
            answer = studio.send(method, path_of(path, fields), **sent)
        return answer.json() if answer.content else None


def path_of(template: str, fields: Row) -> str:
    """Return a path with the fields in it, whatever they hold."""
    return filled(template, {name: quote(str(value), safe="") for name, value in fields.items()})


def _page(studio: Rest, view: View, scope: Scope) -> Generator[Row]:
    path, _, query = path_of(view.path, scope.fields).partition("?")
    answer = studio.send("GET", f"{path}?{query}&limit={PAGE_LIMIT}").json()
    yield from answer.get("items", ())
    for service in answer.get("unavailable", ()):
        yield {"kind": "no answer", "service": service, "actor": "no answer", "reason": "no answer"}


def _home(studio: Rest, view: View, scope: Scope) -> Generator[Row]:
    health = studio.get("/api/health")
    for service in health["services"]:
        if not service["ok"]:
            yield {"kind": "away", "service": service["name"], "message": service["reason"]}
    yield from _page(studio, view, scope)
    for each in health["stand_ins"]:
        message = f"{each['stand_in']} stands in for the real thing."
        yield {"kind": "stand-in", "service": each["service"], "message": message}


def _whole(studio: Rest, view: View, scope: Scope) -> Generator[Row]:
    """Yield the rows of a list without pages."""
    yield from studio.get(path_of(view.path, scope.fields))["items"]


def _prompts(studio: Rest, view: View, scope: Scope) -> Generator[Row]:
    for layer in LAYERS:
        path = path_of(view.path, {**scope.fields, "layer": layer})
        for version in studio.get(path)["versions"]:
            yield {**version, "previous": version["version"] - 1}


def _versions(studio: Rest, view: View, scope: Scope) -> Generator[Row]:
    for version in _page(studio, view, scope):
        yield {**version, "previous": version["version"] - 1}


def _settings(studio: Rest, view: View, scope: Scope) -> Generator[Row]:
    for name, value in studio.get(path_of(view.path, scope.fields)).items():
        yield {"setting": name, "value": value}


def _lead(studio: Rest, _: View, scope: Scope) -> Generator[Row]:
    """Yield what happened with one lead, in three services, newest first."""
    lead = {"lead_id": scope.fields["lead_id"], "limit": PAGE_LIMIT}
    found = [
        {**d, "at": d["created_at"], "what": "draft", "state": d["status"], "by": d["decided_by"]}
        for d in studio.get("/api/drafts", **lead)["items"]
    ]
    found += [
        {**i, "at": i["started_at"], "what": "sequence", "by": i["started_by"], "text": i["detail"]}
        for i in studio.get("/api/instances", **lead)["items"]
    ]
    found += [
        {**c, "at": c["started_at"], "what": "call", "state": "ended", "by": c["agent_id"]}
        for c in studio.get("/api/calls", **lead)["items"]
    ]
    yield from sorted(found, key=lambda row: row["at"], reverse=True)


_READERS: dict[str, Callable[[Rest, View, Scope], Generator[Row]]] = {
    "home": _home,
    "starters": _whole,
    "reasons": _whole,
    "prompts": _prompts,
    "versions": _versions,
    "settings": _settings,
    "lead": _lead,
}
