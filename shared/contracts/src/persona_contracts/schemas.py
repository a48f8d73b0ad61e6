"""Writes `schemas/`: JSON Schemas and `asyncapi.yaml`, for readers that are not in Python.

Run `python -m persona_contracts.schemas` in a checkout to write them, with `--check` to learn
whether they are current.
"""

import argparse
import json
import sys
from pathlib import Path

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from persona_contracts.asyncapi import asyncapi_document
from persona_contracts.catalogue import DOCUMENTS
from persona_contracts.yaml_text import to_yaml

DIALECT = "https://json-schema.org/draft/2020-12/schema"
FOLDER = Path(__file__).resolve().parents[2] / "schemas"


class UntitledFields(GenerateJsonSchema):
    """Gives no titles to properties: generators would make a type of each."""

    def field_title_should_be_set(self, schema: object) -> bool:  # noqa: ARG002 — the generator passes it
        """Return False."""
        return False


def json_schema(name: str, model: type[BaseModel]) -> dict[str, object]:
    """Return the schema of one document; its `$id` is what `ce-dataschema` says for an event."""
    stem, _, version = name.rpartition(".v")
    return {
        "$schema": DIALECT,
        "$id": f"urn:dramatis:{stem}:v{version}",
        **model.model_json_schema(schema_generator=UntitledFields),
    }


def generate() -> dict[str, str]:
    """Return the text of every file in `schemas/`, by file name."""
    files = {
        f"{name}.json": json.dumps(json_schema(name, model), indent=2, ensure_ascii=False) + "\n"
        for name, model in DOCUMENTS.items()
    }
    return files | {"asyncapi.yaml": to_yaml(asyncapi_document())}


def outdated(folder: Path) -> list[str]:
    """Return the names of the files in `folder` that are missing, different or not ours."""
    expected = generate()
    found = {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}
    return sorted(
        name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name)
    )


def write(folder: Path) -> None:
    """Make `folder` hold what `generate` returns, and nothing else."""
    expected = generate()
    folder.mkdir(exist_ok=True)
    for path in folder.iterdir():
        if path.name not in expected:
            path.unlink()
    for name, text in expected.items():
        (folder / name).write_text(text, encoding="utf-8")


def main() -> int:
    """Write the files, or check them; 1 when they are not current."""
    parser = argparse.ArgumentParser(description="Generate the schemas of all events.")
    parser.add_argument("--check", action="store_true", help="change nothing, only compare")
    if not parser.parse_args().check:
        write(FOLDER)
        return 0
    names = outdated(FOLDER)
    if names:
        sys.stderr.write(f"not current (run `make schemas`): {', '.join(names)}\n")
    return 1 if names else 0


if __name__ == "__main__":
    sys.exit(main())
