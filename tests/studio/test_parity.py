"""The pages and the tests that docs/studio-parity.md names beside other consoles exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/studio-parity.md"
ROUTES = ROOT / "services/studio-svc/web/src/routes.ts"
ROW = re.compile(r"^\| ([^|`]+) \| (?:`([^`]+)`|—) \| (.+) \|$", re.MULTILINE)
SECTIONS = PAGE.read_text().split("\n## ")[1:]


def test_five_consoles_are_compared():
    assert len(SECTIONS) == 5


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.split()[0])
def test_ten_actions_each_have_a_page_and_a_test_or_a_reason(section):
    rows = ROW.findall(section)
    paths = set(re.findall(r'path: "([^"]+)"', ROUTES.read_text()))
    tests = "\n".join(file.read_text() for file in Path(__file__).parent.glob("test_*.py"))
    assert len(rows) == 10
    for action, path, shown in rows:
        if not path:
            assert not shown.startswith("`"), f"{action}: a reason stands where nothing shows it"
            continue
        assert path in paths, f"{action}: no page {path}"
        assert f"async def {shown.strip('`')}(" in tests, f"{action}: no test {shown}"
