"""What the Markdown files name exists, and their tables are complete."""

import os
import re
from importlib import import_module
from pathlib import Path

import pytest
from chat_svc.settings import ChatSettings
from draft_svc.settings import DraftSettings
from dramatis.__main__ import GROUPS, _app
from dramatis.services import SERVICES
from fastapi import APIRouter
from followup_svc.settings import FollowupSvcSettings
from ingest_svc.settings import IngestSettings
from persona_svc.settings import PersonaSettings
from service_kit.settings import variable
from studio_svc.settings import StudioSettings
from typer.main import get_command
from voice_svc.settings import VoiceSettings

ROOT = Path(__file__).parent.parent
SOURCES = ("shared", "services", "cli", "tests", "bench", "deploy", "scripts")
DOCS = sorted(
    path
    for pattern in ("*.md", "docs/**/*.md", "*/README.md", "*/*/*.md")
    for path in ROOT.glob(pattern)
    if not any(part.startswith(".") for part in path.relative_to(ROOT).parts)
)
PAGES = pytest.mark.parametrize("page", DOCS, ids=lambda page: str(page.relative_to(ROOT)))
LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")
FILE = re.compile(r"`([A-Za-z][\w./-]*(?:/|\.py|\.md|\.toml|\.yaml))`")
TARGET = re.compile(r"(?:`|^|^\$ |[A-Z_]+=\S+ )make ([a-z0-9-]+)", re.MULTILINE)
COMMAND = re.compile(
    r"(?:`|^|^\$ |bin/|\s)dramatis ([a-z]+)(?: ((?:[a-z-]+(?:\\\|)?)+))?", re.MULTILINE
)
VARIABLE = re.compile(r"DRAMATIS_[A-Z]+(?:_[A-Z]+)*")
ROUTE = re.compile(r"^\| `([A-Z]+ /(?:api|chat)/[^`]+)`", re.MULTILINE)
SETTINGS = {
    "services/draft-svc/README.md": DraftSettings,
    "services/followup-svc/README.md": FollowupSvcSettings,
    "services/ingest-svc/README.md": IngestSettings,
    "services/persona-svc/README.md": PersonaSettings,
    "services/voice-svc/README.md": VoiceSettings,
    "services/chat-svc/README.md": ChatSettings,
    "services/studio-svc/README.md": StudioSettings,
}
ROUTERS = {
    "persona_svc": (
        "workspace_api",
        "campaigns_api",
        "versions_api",
        "personas_api",
        "prompts_api",
        "prompt_templates_api",
        "keys_api",
        "models_api",
    ),
    "draft_svc": ("drafts_api", "replies_api"),
    "followup_svc": (
        "sequences_api",
        "templates_api",
        "instances_api",
        "settings_api",
        "suppressions_api",
    ),
    "ingest_svc": ("files_api", "uploads_api", "knowledge_api"),
    "chat_svc": (
        "chat_api",
        "conversations_api",
        "gaps_api",
        "messages_api",
        "openai_api",
        "prompt_tests_api",
        "user_conversations_api",
    ),
    "studio_svc": ("health_api", "login_api", "sessions_api"),
    "voice_svc": ("agents_api", "calls_api", "speech_api", "voice_sessions_api", "voices_api"),
}


def walk():
    """Yield the sources' folders and files; it bears with folders that go away meanwhile."""
    for top in SOURCES:
        for folder, below, names in os.walk(ROOT / top):
            below[:] = [name for name in below if not name.startswith((".", "__"))]
            yield Path(folder)
            yield from (Path(folder) / name for name in names)


FILES = list(walk())


def anchors(page):
    """Return the fragments of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@PAGES
def test_every_link_leads_somewhere(page):
    for target, fragment in LINK.findall(page.read_text()):
        there = (page.parent / target).resolve() if target else page
        assert there.exists(), target
        assert not fragment or fragment in anchors(there), f"{target}#{fragment}"


@PAGES
def test_every_file_that_is_named_exists(page):
    for name in FILE.findall(page.read_text()):
        near = (ROOT / name, page.parent / name)
        end = f"/{name.rstrip('/')}"
        assert any(path.exists() for path in near) or any(str(f).endswith(end) for f in FILES), name


@PAGES
def test_every_target_of_make_exists(page):
    targets = re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert set(TARGET.findall(page.read_text())) <= set(targets)


@PAGES
def test_every_command_that_is_named_exists(page):
    commands = get_command(_app(list(GROUPS))).commands
    for group, members in COMMAND.findall(page.read_text()):
        assert group in commands
        known = getattr(commands[group], "commands", None)
        if known is not None and members:
            assert set(members.split("\\|")) <= set(known), group


def test_the_cli_readme_names_every_command():
    named = {}
    for group, members in COMMAND.findall((ROOT / "cli/README.md").read_text()):
        named.setdefault(group, set()).update(filter(None, members.split("\\|")))
    for name, command in get_command(_app(list(GROUPS))).commands.items():
        assert name in named
        assert set(getattr(command, "commands", ())) <= named[name]


@PAGES
def test_every_variable_that_is_named_is_read(page):
    texts = [path.read_text() for path in FILES if "src" in path.parts and path.suffix == ".py"]
    known = {name for text in texts for name in VARIABLE.findall(text)}
    known |= {variable(model, name) for model in SETTINGS.values() for name in model.model_fields}
    if page.name == "CHANGELOG.md":  # it also tells what a variable was once called
        known |= {
            f"DRAMATIS_{name.upper()}" for model in SETTINGS.values() for name in model.model_fields
        }
    for spec in SERVICES:
        name = spec.name.upper()
        known |= {f"DRAMATIS_{name}_PASSWORD", f"DRAMATIS_{name}_OWNER_PASSWORD"}
    assert set(VARIABLE.findall(page.read_text())) <= known


@pytest.mark.parametrize("readme", SETTINGS)
def test_every_setting_stands_in_a_table(readme):
    text = (ROOT / readme).read_text() + (ROOT / "shared/kit/README.md").read_text()
    rows = "\n".join(line for line in text.splitlines() if line.startswith("|"))
    model = SETTINGS[readme]
    missing = {variable(model, name) for name in model.model_fields} - set(VARIABLE.findall(rows))
    assert missing == set()


@pytest.mark.parametrize("package", ROUTERS)
def test_the_table_of_routes_is_complete(package):
    modules = [import_module(f"{package}.entrypoints.{name}") for name in ROUTERS[package]]
    routes = {
        f"{method} {route.path}"
        for module in modules
        for router in vars(module).values()
        if isinstance(router, APIRouter)
        for route in router.routes
        if route.include_in_schema
        for method in route.methods
    }
    readme = ROOT / "services" / package.replace("_", "-") / "README.md"
    assert set(ROUTE.findall(readme.read_text())) == routes
