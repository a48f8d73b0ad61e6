"""Every service has one shape: what import-linter cannot see of it."""

import ast
import re
from pathlib import Path

import pytest
from every_service import SERVICES as EVERY_SERVICE

ROOT = Path(__file__).parents[1]
SERVICES = ROOT / "services"
SERVICE = pytest.mark.parametrize(
    "service", [package.removesuffix("_svc") for package in EVERY_SERVICE]
)
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


@SERVICE
def test_a_use_case_is_one_function_or_class_with_the_name_of_its_file(service):
    wrong = {}
    for path, tree in modules(source(service) / "usecases").items():
        if path.stem in {"__init__", "ports"}:
            continue
        public = [node for node in tree.body if not getattr(node, "name", "_").startswith("_")]
        functions = [
            node.name for node in public if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        ]
        work = path.stem.title().replace("_", "")
        classes = [node.name for node in public if isinstance(node, ast.ClassDef)]
        if functions != [path.stem] and (functions or work not in classes):
            wrong[path.stem] = functions
    assert wrong == {}


def test_the_paths_that_contributing_shows_are_there():
    text = (ROOT / "CONTRIBUTING.md").read_text()
    rows = re.findall(r"^\| ([^|]+) \|((?: [^|]*`[a-z_/]+\.py`[^|]*\|)+)$", text, re.MULTILINE)
    assert len(rows) == 10
    for feature, cells in rows:
        service = feature.split("(")[1].split("-svc")[0]
        steps = re.findall(r"`([a-z_/]+\.py)`", cells)
        assert [step for step in steps if not (source(service) / step).is_file()] == [], feature
        layers = [step.partition("/")[0] for step in steps]
        order = ["entrypoints", "usecases", "adapters", "domain"]
        assert layers == sorted(layers, key=order.index), feature
        assert {"entrypoints", "usecases"} <= set(layers), feature


def test_tests_that_walk_all_services_take_them_from_one_place():
    folders = {path.name.replace("-", "_") for path in SERVICES.iterdir() if path.is_dir()}
    assert folders == set(EVERY_SERVICE)
    named = re.compile(r"[(\[{]\s*" + r",\s*".join([r'"\w+_svc"'] * 4))
    lists = {path.name for path in (ROOT / "tests").rglob("*.py") if named.search(path.read_text())}
    assert lists == set()
