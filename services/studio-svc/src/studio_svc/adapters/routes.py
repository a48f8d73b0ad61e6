"""The routes of all services, as their OpenAPI documents had them when `routes.json` was made."""

from pathlib import Path
from typing import Final

from pydantic import TypeAdapter

from studio_svc.domain.route_table import RouteTable

FILE: Final = Path(__file__).with_name("routes.json")
ROUTES: Final = TypeAdapter(dict[str, dict[str, list[str]]])
"""Of each service its paths, each with its methods."""


def load_routes() -> RouteTable:
    """Return the routes."""
    return RouteTable(ROUTES.validate_json(FILE.read_bytes()))
