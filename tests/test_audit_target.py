"""`make audit` says what is known of the dependencies, and when it cannot know."""

import json
import subprocess
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

AUDIT = Path(__file__).parents[1] / "scripts/audit"
VULNERABLE = {
    "id": "MADE-UP-1",
    "summary": "made up for this test",
    "modified": "2026-01-01T00:00:00Z",
    "affected": [{"package": {"name": "httpx", "ecosystem": "PyPI"}}],
}


class Database(BaseHTTPRequestHandler):
    """What OSV answers (https://google.github.io/osv.dev/api/), of one package."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))["queries"]
        known = {"vulns": [{"id": VULNERABLE["id"], "modified": VULNERABLE["modified"]}]}
        self._answer({"results": [known if is_httpx(query) else {} for query in asked]})

    def do_GET(self):
        self._answer(VULNERABLE)

    def _answer(self, document):
        body = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Print nothing."""


def is_httpx(query):
    return query["package"]["name"] == "httpx"


@pytest.fixture
def database() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Database) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def audited(address):
    return subprocess.run(
        [AUDIT, "--service-url", address], capture_output=True, text=True, check=False
    )


def test_a_known_vulnerability_is_named_and_is_an_error(database):
    done = audited(database)
    assert done.returncode == 1, done.stdout
    assert "httpx" in done.stdout
    assert "MADE-UP-1: made up for this test" in done.stdout


def test_without_a_network_it_says_so_and_is_no_error():
    done = audited("http://127.0.0.1:9/")
    assert done.returncode == 0
    assert "the vulnerability database cannot be reached" in done.stdout
