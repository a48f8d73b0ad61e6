"""The console's built files: those of the sources, small, and free of what the CSP forbids."""

import gzip
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WEB = ROOT / "services/studio-svc/web"
BUILT = ROOT / "services/studio-svc/src/studio_svc/web"
ENTRY = "index.html"
FIRST_KB = 60
PAGE_KB = 40


def chunks():
    return json.loads((BUILT / "build.json").read_text())


def needed(name):
    """Return the chunks that must be there before `name` runs."""
    found, waiting = set(), [name]
    while waiting:
        each = waiting.pop()
        if each not in found:
            found.add(each)
            waiting += chunks()[each].get("imports", [])
    return found


def packed_kb(names):
    files = {chunks()[name]["file"] for name in names}
    return sum(len(gzip.compress((BUILT / file).read_bytes())) for file in files) / 1024


def test_the_first_page_takes_at_most_60_kb_of_javascript():
    assert packed_kb(needed(ENTRY)) <= FIRST_KB


@pytest.mark.parametrize("page", [name for name in chunks() if name.startswith("src/pages/")])
def test_a_page_takes_at_most_40_kb_more(page):
    assert packed_kb(needed(page) - needed(ENTRY)) <= PAGE_KB


def test_the_built_files_are_those_of_the_sources():
    done = subprocess.run(
        [sys.executable, ROOT / "scripts/web", "check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_the_client_is_typed_by_what_the_services_answer():
    done = subprocess.run(
        [sys.executable, ROOT / "scripts/web", "openapi", "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_lock_names_no_host():
    assert '"resolved"' not in (WEB / "package-lock.json").read_text()


def test_nothing_evaluates_text_as_code_or_styles_in_the_markup():
    forbidden = re.compile(r"\beval\(|new Function\(|<[a-z]+[^>`]* style=")
    files = [file for file in BUILT.rglob("*") if file.suffix in {".js", ".html"}]
    assert files
    assert [file.name for file in files if forbidden.search(file.read_text())] == []
