"""Every service has one shape: what import-linter cannot see of it."""

import ast
from pathlib import Path

import pytest

SERVICES = Path(__file__).parents[1] / "services"
SERVICE = pytest.mark.parametrize("service", ["draft", "followup", "ingest", "persona"])
MAX_MAIN_LINES = 40
FILES = {
    "__main__.py",
    "deps.py",
    "settings.py",
    "adapters/tables.py",
    "entrypoints/dependencies.py",
    "entrypoints/events.py",
    "entrypoints/http.py",
    "entrypoints/workers.py",
}


def source(service):
    return SERVICES / f"{service}-svc" / "src" / f"{service}_svc"


def modules(folder):
    return {path: ast.parse(path.read_text()) for path in folder.rglob("*.py")}


@SERVICE
def test_a_service_has_its_files(service):
    assert [name for name in sorted(FILES) if not (source(service) / name).is_file()] == []


@SERVICE
def test_main_is_short(service):
    lines = (source(service) / "__main__.py").read_text().splitlines()
    assert len(lines) <= MAX_MAIN_LINES


@SERVICE
def test_what_routes_are_given_comes_from_deps(service):
    found = [
        f"{path.name}:{node.lineno}"
        for path, tree in modules(source(service)).items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and ast.unparse(node).endswith("app.state")
    ]
    assert found == []


@SERVICE
def test_no_route_module_imports_another(service):
    package = f"{service}_svc.entrypoints"
    routes = {
        path.stem
        for path, tree in modules(source(service) / "entrypoints").items()
        if any(isinstance(node, ast.Name) and node.id == "api_router" for node in ast.walk(tree))
    }
    assert routes
    found = [
        (path.stem, node.module)
        for path, tree in modules(source(service) / "entrypoints").items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and path.stem in routes
        if str(node.module).removeprefix(f"{package}.") in routes
    ]
    assert found == []
