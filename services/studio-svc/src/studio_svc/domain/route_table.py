"""Which service has which route."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

PARAMETER: Final = re.compile(r"\{[^}]+\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A route of a service, as its OpenAPI document has it."""

    service: str
    method: str
    path_format: str


class RouteTable:
    """Finds the service that a request is for."""

    def __init__(self, paths: Mapping[str, Mapping[str, Sequence[str]]]) -> None:
        """Take, of each service, its paths with their methods.

        A path that several services have is here for none of them.
        """
        self._paths = _own(paths)
        self._plain = {path: path for path in self._paths if "{" not in path}
        templates = sorted((path for path in self._paths if "{" in path), key=_order)
        self._templates = [(re.compile(_pattern(path)), path) for path in templates]

    def find(self, method: str, path: str) -> Route | None:
        """Return the route; of a path without this method one that its service will refuse.

        None: no service has the path.
        """
        found = self._plain.get(path) or self._template_of(path)
        if found is None:
            return None
        service, methods = self._paths[found]
        is_page = not found.startswith("/api/") and _as_declared(method) not in methods
        return None if is_page else Route(service=service, method=method, path_format=found)

    def _template_of(self, path: str) -> str | None:
        return next((each for pattern, each in self._templates if pattern.fullmatch(path)), None)


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


def _order(path: str) -> tuple[list[bool], str]:
    """Put a word before a parameter in the same place."""
    return [bool(PARAMETER.fullmatch(part)) for part in path.split("/")], path


def _pattern(path: str) -> str:
    parts = PARAMETER.split(path)
    return "[^/]+".join(map(re.escape, parts))


def paths_of(operations: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Return the paths of these operations, of those that browsers use, with their methods."""
    paths = dict[str, list[str]]()
    for method, path in sorted(operations):
        if path.startswith("/api/") or path == "/chat/{persona_id}":
            paths.setdefault(path, []).append(method)
    return paths
