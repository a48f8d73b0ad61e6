"""`dramatis prompts test`: one question, answered with drafts and with the active prompts."""

from pathlib import Path
from typing import Annotated, Any

import typer

from dramatis.errors import CliError
from dramatis.output import print_json, print_plain
from dramatis.persona_lookup import persona_id_of
from dramatis.persona_options import Persona
from dramatis.target import RestTarget

Draft = Annotated[Path | None, typer.Option(help="A file with the text to try in this layer.")]


def try_prompts(
    target: RestTarget,
    *,
    persona: Persona,
    question: Annotated[str, typer.Argument(help="What a lead might ask.")],
    system: Draft = None,
    rag: Draft = None,
    user: Draft = None,
) -> None:
    """Answer one question with the active prompts and, beside them, with texts that are not saved.

    Nothing of it is kept but what it took.
    """
    files = {"system": system, "rag": rag, "user": user}
    body = {"message": question} | {name: _text(file) for name, file in files.items() if file}
    path = f"/api/personas/{persona_id_of(target, persona)}/prompts/test"
    answers = dict[str, str]()
    with target.rest("chat") as api:
        for event in api.events(path, body):
            if target.json:
                print_json(event)
            elif event["type"] == "text-delta":
                answers[event["id"]] = answers.get(event["id"], "") + event["delta"]
            else:
                _tell(event, answers)


def _tell(event: dict[str, Any], answers: dict[str, str]) -> None:
    match event["type"]:
        case "data-passages":
            for passage in event["data"]["passages"]:
                page = f", page {passage['page']}" if passage["page"] else ""
                print_plain(f"[{passage['number']}] {passage['source']}{page}")
        case "text-end":
            print_plain(f"\n{event['id']}:\n{answers[event['id']]}")
        case "data-usage":
            usage = event["data"]
            print_plain(f"({usage['side']}: {usage['model']}, {usage['took_ms']} ms)")
        case "data-failed":
            failed = event["data"]
            print_plain(f"{failed['side']}: no answer: {failed['title']}")
        case _:
            pass


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise CliError(f"{file} cannot be read: {error}.") from error
