"""`dramatis contracts export`: the files of the contracts, as they are committed."""

from dramatis.__main__ import _app
from persona_contracts.schemas import outdated
from typer.testing import CliRunner


def test_the_exported_folder_holds_the_contracts(tmp_path):
    folder = tmp_path / "contracts"
    result = CliRunner().invoke(_app(["contracts"]), ["contracts", "export", str(folder)])
    assert result.exit_code == 0, result.output
    assert outdated(folder) == []
