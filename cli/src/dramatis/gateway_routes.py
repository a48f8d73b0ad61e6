"""Which service has which route, for the gateway, as the services' OpenAPI documents tell.

`python -m dramatis.gateway_routes` makes the gateway's file anew (`make schemas`); it needs
`dramatis[local]`.
"""

from collections.abc import Iterator
from importlib import import_module

from service_kit.health import Health
from service_kit.http_app import build_app
from service_kit.store import Store
from service_kit.tokens import SigningKeys, Tokens
from studio_svc.adapters.routes import FILE, ROUTES
from studio_svc.domain.route_table import paths_of

from dramatis.services import SERVICES

STUDIO = "studio-svc"


def told_by_code() -> bytes:
    """Return what the file has to hold."""
    names = {spec.package: spec.package.replace("_", "-") for spec in SERVICES}
    routes = {
        name: paths_of(_operations(package, name))
        for package, name in names.items()
        if name != STUDIO
    }
    return ROUTES.dump_json(routes, indent=1) + b"\n"


def _operations(package: str, name: str) -> Iterator[tuple[str, str]]:
    app = build_app(
        import_module(f"{package}.entrypoints.http").API,
        version="1",
        store=Store("postgresql://nobody@127.0.0.1:1/none", name),
        credentials=Tokens(SigningKeys("file:///none"), issuer="", audience=""),
        health=Health(),
    )
    for path, methods in app.openapi()["paths"].items():
        for method in methods:
            yield method.upper(), path


if __name__ == "__main__":
    FILE.write_bytes(told_by_code())
