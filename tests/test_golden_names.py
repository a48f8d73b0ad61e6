"""Names that others hold on to: clients, dashboards, alerts, fault tests. They are only added to.

`golden/` has one list for each kind, a name in a line. A test that fails here has either met a new
name, which is added to its list, or a renamed one, which gets its old name back.
"""

import ast
import pkgutil
from collections import Counter
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType

from dramatis.gateway_routes import told_by_code
from every_service import SERVICES
from prometheus_client import REGISTRY
from pydantic import AliasChoices
from service_kit.errors import ServiceError
from service_kit.health import Health
from service_kit.http_app import build_app
from service_kit.settings import ServiceSettings
from service_kit.store import Store
from service_kit.tokens import SigningKeys, Tokens
from studio_svc.adapters.routes import FILE

GOLDEN = Path(__file__).parent / "golden"
SHARED = ("service_kit", "persona_model")
PACKAGES = (*SHARED, *SERVICES)
METHODS = {"get", "put", "post", "patch", "delete"}
LOG_LEVELS = {"debug", "info", "warning", "error", "exception"}


@cache
def modules(package: str) -> list[ModuleType]:
    """Import a package whole, but for what runs when it is imported."""
    root = import_module(package)
    found = pkgutil.walk_packages(root.__path__, f"{package}.")
    names = [item.name for item in found if not item.name.endswith("__main__")]
    return [root, *map(import_module, names)]


def all_loaded() -> None:
    for package in PACKAGES:
        modules(package)


def calls(package: str) -> Iterator[ast.Call]:
    folder = Path(import_module(package).__path__[0])
    for file in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and node.args:
                yield node


def text(node: ast.expr) -> str:
    """Return the text of a constant: a name that is data is never put together."""
    assert isinstance(node, ast.Constant), ast.unparse(node)
    return node.value


def openapi(package: str) -> dict:
    app = build_app(
        import_module(f"{package}.entrypoints.http").API,
        version="1",
        store=Store("postgresql://nobody@127.0.0.1:1/none", package.replace("_", "-")),
        credentials=Tokens(SigningKeys("file:///none"), issuer="none", audience="none"),
        health=Health(),
    )
    return app.openapi()


def operations() -> Iterator[str]:
    for service in SERVICES:
        for path, methods in openapi(service)["paths"].items():
            for method in METHODS & methods.keys():
                yield f"{methods[method]['operationId']} {service} {method.upper()} {path}"


def problem_slugs() -> Iterator[str]:
    all_loaded()
    waiting = [ServiceError]
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        package = kind.__module__.partition(".")[0]
        if package in PACKAGES:
            yield f"{kind.slug} {kind.status}"


def metrics() -> Iterator[str]:
    all_loaded()
    for family in REGISTRY.collect():
        if not family.name.startswith(("python_", "process_")):
            yield f"{family.name} {family.type}"


def crash_points() -> Iterator[str]:
    for package in PACKAGES:
        for call in calls(package):
            if isinstance(call.func, ast.Name) and call.func.id == "crash_point":
                yield text(call.args[0])


def log_events() -> Iterator[str]:
    for package in PACKAGES:
        for call in calls(package):
            match call.func:
                case ast.Attribute(ast.Name("log"), attr) if attr in LOG_LEVELS:
                    if ast.unparse(call.args[0]) != "failed":  # given to `repeat`
                        yield text(call.args[0])
                case ast.Name("repeat" | "partial"):
                    yield from (text(k.value) for k in call.keywords if k.arg == "failed")
                case _:
                    pass


def is_settings_of(kind: object, package: str) -> bool:
    """Return whether `kind` is settings that processes read, not what services derive theirs of."""
    return (
        isinstance(kind, type)
        and issubclass(kind, ServiceSettings)
        and (kind is ServiceSettings or kind.__module__.startswith(f"{package}."))
    )


def settings() -> Iterator[str]:
    for package in ("service_kit", *SERVICES):
        for kind in (value for module in modules(package) for value in vars(module).values()):
            if is_settings_of(kind, package):
                for field, info in kind.model_fields.items():
                    owner = "" if field in ServiceSettings.model_fields else f" {package}"
                    alias = info.validation_alias
                    names = alias.choices if isinstance(alias, AliasChoices) else [alias]
                    yield from (f"{name}{owner}" for name in names)


def check(kind: str, names: Iterator[str]) -> None:
    golden = (GOLDEN / f"{kind}.txt").read_text().splitlines()
    assert golden == sorted(set(golden))
    assert sorted(set(names)) == golden


def test_operation_ids_keep_their_names():
    check("operation_ids", operations())


def test_the_gateway_knows_every_route():
    assert FILE.read_bytes() == told_by_code(), "run `make schemas`"


def test_operation_ids_are_unique_across_services():
    ids = Counter(line.partition(" ")[0] for line in operations())
    assert [name for name, count in ids.items() if count > 1] == []


def test_problem_slugs_keep_their_names():
    check("problem_slugs", problem_slugs())


def test_metrics_keep_their_names():
    check("metrics", metrics())


def test_crash_points_keep_their_names():
    check("crash_points", crash_points())


def test_settings_keep_their_names():
    check("settings", settings())


def test_log_events_keep_their_names():
    check("log_events", log_events())
