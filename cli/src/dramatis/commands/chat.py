"""`dramatis chat`: a conversation with a persona, line by line."""

import sys
from pathlib import Path
from threading import Event, Thread
from typing import Annotated, Any

import typer

from dramatis.errors import CliError
from dramatis.options import examples, expand
from dramatis.output import out, print_plain, printable
from dramatis.persona_lookup import find_persona
from dramatis.rest import Rest
from dramatis.target import RestTarget

HELP = "/persona NAME: another one answers · /stop · /export [FILE] · /quit"


def chat(
    target: RestTarget,
    *,
    persona: Annotated[
        str | None, typer.Argument(help="The persona's id, or its name; else the default.")
    ] = None,
    thread: Annotated[str | None, typer.Option(help="The conversation to go on with.")] = None,
) -> None:
    """Talk to a persona: each line of standard input is a message; the answers stream."""
    with target.rest("persona") as personas, target.rest("chat") as api:
        talk = Talk(personas, api, _chosen(personas, persona), thread)
        if sys.stdin.isatty():
            print_plain(HELP)
        for line in sys.stdin:
            if line.strip() == "/quit":
                break
            talk.take(line.strip())
        talk.wait()


class Talk:
    """One conversation; an answer is printed beside what is typed, so that it can be stopped."""

    def __init__(
        self, personas: Rest, api: Rest, persona: dict[str, Any], thread_id: str | None
    ) -> None:
        self._personas = personas
        self._api = api
        self._persona = persona
        self._thread_id = thread_id
        self._message_id: str | None = None
        self._answering: Thread | None = None
        self._begun = Event()
        self._failed: CliError | None = None

    def take(self, line: str) -> None:
        """Do what a line says."""
        word, _, rest = line.partition(" ")
        if word == "/stop":
            self._stop()
            return
        self.wait()
        match word:
            case "":
                pass
            case "/persona":
                self._persona = find_persona(self._personas, rest.strip())
                print_plain(f"{self._persona['name']} answers from now on.")
            case "/export":
                self._export(rest.strip())
            case _ if word.startswith("/"):
                print_plain(HELP)
            case _:
                self._message_id = None
                self._begun.clear()
                self._answering = Thread(target=self._say, args=(line,), daemon=True)
                self._answering.start()

    def wait(self) -> None:
        """Return once the answer is there.

        Raises:
            CliError: there is none.
        """
        if self._answering is not None:
            self._answering.join()
            self._answering = None
        if self._failed is not None:
            raise self._failed

    def _say(self, message: str) -> None:
        body = {"message": message} | ({"thread_id": self._thread_id} if self._thread_id else {})
        try:
            for event in self._api.events(f"/chat/{self._persona['persona_id']}", body):
                self._show(event)
        except CliError as error:
            self._failed = error
        finally:
            self._begun.set()

    def _show(self, event: dict[str, Any]) -> None:
        match event["type"]:
            case "start":
                self._message_id = event["messageId"]
                self._thread_id = event["messageMetadata"]["conversation_id"]
                who = event["messageMetadata"]["persona_name"] or self._persona["name"]
                self._begun.set()
                _print(f"{who}: ")
            case "text-delta":
                _print(event["delta"])
            case "text-end":
                _print("\n")
            case "source-document":
                number = event["providerMetadata"]["dramatis"]["number"]
                print_plain(f"  [{number}] {event['title']}")
            case "abort":
                print_plain("(stopped)")
            case "error":
                self._failed = CliError(f"There is no answer: {event['errorText']}")
            case _:
                pass

    def _stop(self) -> None:
        if self._answering is not None:
            self._begun.wait()
        if self._answering is None or self._message_id is None:
            print_plain("Nothing is being written.")
            return
        path = f"/api/conversations/{self._thread_id}/messages/{self._message_id}/stop"
        stopped = self._api.ask("POST", path)
        if stopped.status_code != 409:  # it may have ended meanwhile
            self._api.checked(stopped)

    def _export(self, file: str) -> None:
        if self._thread_id is None:
            print_plain("Nothing was said yet.")
            return
        path = f"/api/conversations/{self._thread_id}/export"
        text = self._api.send("GET", path, params={"format": "markdown"}).text
        if not file:
            print_plain(text.rstrip("\n"))
            return
        Path(file).write_text(text, encoding="utf-8")
        print_plain(f"The conversation is in {file}.")


def _print(text: str) -> None:
    out.print(printable(text), markup=False, end="")


def _chosen(personas: Rest, persona: str | None) -> dict[str, Any]:
    if persona is not None:
        return find_persona(personas, persona)
    for document in personas.items("/api/personas"):
        if document["is_default"] and not document["virtual"]:
            return document
    raise CliError("There is no persona here.", "See `dramatis personas import`.")


def register(app: typer.Typer) -> None:
    """Add the command."""
    lines = ("dramatis chat Nova", 'echo "What does it cost?" | dramatis chat')
    app.command(epilog=examples(*lines))(expand(chat))
