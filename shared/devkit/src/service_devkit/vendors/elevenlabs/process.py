"""The stand-in as a process, and how a test looks at it and commands it."""

import http.client
import json
import os
import sys
from pathlib import Path
from typing import Any

from service_devkit.embedded.ports import LOOPBACK, check_port, free_port
from service_devkit.embedded.process import Command, ServerProcess

KEY = "fake-key"
DOCUMENT_VARIABLE = "DRAMATIS_ELEVENLABS_DOCUMENT"
"""Where the vendor's OpenAPI document is, if not beside this repository."""
_BESIDE = Path("../shared/openapi/elevenlabs-openapi.json")
_REPOSITORY = Path(__file__).parents[6]
PROBE_SECONDS = 5.0


def vendor_document() -> Path | None:
    """Return where the vendor's OpenAPI document is; None if it is not here."""
    named = os.environ.get(DOCUMENT_VARIABLE)
    path = Path(named) if named else (_REPOSITORY / _BESIDE).resolve()
    return path if path.is_file() else None


class FakeElevenLabs(ServerProcess):
    """A stand-in for ElevenLabs on its own port; what it is told stays until it ends."""

    def __init__(self, log_path: Path, port: int | None = None, key: str = KEY) -> None:
        super().__init__("fake-elevenlabs", log_path.resolve())
        self.port = port or free_port()
        self.key = key

    @property
    def url(self) -> str:
        """The address, without a path."""
        return f"http://{LOOPBACK}:{self.port}"

    def state(self) -> dict[str, Any]:
        """Return all it has, what it was asked how often, and what was against the document."""
        return json.loads(self._ask("GET", "/_fake/state"))

    def fail(self, *faults: dict[str, Any]) -> None:
        """Replace the faults that are to come: fields of `faults.Fault`; none, to end them."""
        self._ask("PUT", "/_fake/faults", list(faults))

    def behave(self, **changes: object) -> None:
        """Change fields of `account.Behaviour`."""
        self._ask("PATCH", "/_fake/behaviour", changes)

    def forget_counts(self) -> None:
        """Set to nothing what was counted and found wrong, and the characters used."""
        self._ask("DELETE", "/_fake/counts")

    def delete(self, kind: str, thing_id: str) -> None:
        """Delete one of `control.KINDS` behind everybody's back."""
        self._ask("DELETE", f"/_fake/{kind}/{thing_id}")

    def change(self, kind: str, thing_id: str, patch: dict[str, Any]) -> None:
        """Merge `patch` into one of them, behind everybody's back."""
        self._ask("PATCH", f"/_fake/{kind}/{thing_id}", patch)

    def put(self, kind: str, thing_id: str, thing: dict[str, Any]) -> None:
        """Let it have one that nobody has made."""
        self._ask("PUT", f"/_fake/{kind}/{thing_id}", thing)

    def _ask(self, method: str, path: str, body: object = None) -> bytes:
        connection = http.client.HTTPConnection(LOOPBACK, self.port, timeout=PROBE_SECONDS)
        try:
            text = None if body is None else json.dumps(body)
            connection.request(method, path, text, {"content-type": "application/json"})
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        if answer.status >= http.HTTPStatus.BAD_REQUEST:
            raise ValueError(f"{method} {path}: {answer.status} {content[:200]!r}")
        return content

    def _command(self) -> Command:
        check_port(self.port)
        self.log_path.parent.mkdir(parents=True, exist_ok=True)
        module = "service_devkit.vendors.elevenlabs"
        options = ["--port", str(self.port), "--key", self.key]
        document = vendor_document()
        checked = ["--document", str(document)] if document else []
        return Command(
            arguments=[sys.executable, "-m", module, *options, *checked], env=dict(os.environ)
        )

    def _is_ready(self) -> bool:
        try:
            self.state()
        except (OSError, http.client.HTTPException):
            return False
        return True
