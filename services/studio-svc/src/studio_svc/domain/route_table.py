"""Which service has which route."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A route of a service, as its OpenAPI document has it."""

    service: str
    method: str
    path_format: str


@dataclass(slots=True)
class _Place:
    """What may stand after the same beginning of a path; a word goes before a parameter."""

    path: str | None = None
    words: dict[str, Self] = field(default_factory=dict)
    parameter: Self | None = None

    def after(self, part: str) -> Self:
        """Return the place after a part of a template, made if there is none."""
        if not part.startswith("{"):
            return self.words.setdefault(part, type(self)())
        if self.parameter is None:
            self.parameter = type(self)()
        return self.parameter

    def find(self, parts: Sequence[str]) -> str | None:
        """Return the template that these parts fit; a parameter is never empty."""
        if not parts:
            return self.path
        part, rest = parts[0], parts[1:]
        places = (self.words.get(part), self.parameter if part else None)
        found = (place.find(rest) for place in places if place is not None)
        return next((path for path in found if path is not None), None)


class RouteTable:
    """Finds the service that a request is for."""

    def __init__(self, paths: Mapping[str, Mapping[str, Sequence[str]]]) -> None:
        """Take, of each service, its paths with their methods.

        A path that several services have is here for none of them.
        """
        self._paths = _own(paths)
        self._first = _Place()
        for path in self._paths:
            place = self._first
            for part in path.split("/"):
                place = place.after(part)
            place.path = path

    def find(self, method: str, path: str) -> Route | None:
        """Return the route; of a path without this method one that its service will refuse.

        None: no service has the path.
        """
        found = self._first.find(path.split("/"))
        if found is None:
            return None
        service, methods = self._paths[found]
        is_page = not found.startswith("/api/") and _as_declared(method) not in methods
        return None if is_page else Route(service=service, method=method, path_format=found)


def _as_declared(method: str) -> str:
    return "GET" if method == "HEAD" else method


def _own(
    paths: Mapping[str, Mapping[str, Sequence[str]]],
) -> dict[str, tuple[str, Sequence[str]]]:
    seen = [path for of_service in paths.values() for path in of_service]
    return {
        path: (service, methods)
        for service, of_service in paths.items()
        for path, methods in of_service.items()
        if seen.count(path) == 1
    }


def paths_of(operations: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Return the paths of these operations, of those that browsers use, with their methods."""
    paths = dict[str, list[str]]()
    for method, path in sorted(operations):
        if path.startswith("/api/") or path == "/chat/{persona_id}":
            paths.setdefault(path, []).append(method)
    return paths
