"""The REST API of one service, as the commands use it."""

import json
from collections.abc import Generator
from typing import TYPE_CHECKING, Any, Self, cast
from urllib.parse import urlsplit

from dramatis.errors import CliError, NotUpError
from dramatis.lazy import Lazy
from dramatis.wire_names import AT_LEAST_HEADER, REVISION_HEADER

if TYPE_CHECKING:
    import httpx
else:
    httpx = Lazy("httpx")

TIMEOUT_SECONDS = 10
SILENCE_SECONDS = 60
"""In an event stream; a service that is there is not silent for so long."""
PAGE_LIMIT = 200


class Written:
    """What this process has written so far: whatever it asks next knows that."""

    revision = 0
    """The highest `Dramatis-Revision` that was answered; 0: none."""


class Rest:
    """A client of one service that speaks of errors as the service does."""

    def __init__(self, url: str, token: str, written: Written) -> None:
        self.url = url
        self.token = token
        self._written = written
        loopback = urlsplit(url).hostname in {"127.0.0.1", "localhost", "::1"}
        self._client = httpx.Client(
            base_url=url,
            headers={"Authorization": f"Bearer {token}"},
            timeout=TIMEOUT_SECONDS,
            trust_env=not loopback,
        )

    def __enter__(self) -> Self:
        """Return the client; the block's end closes it."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connections."""
        self._client.close()

    def send(self, method: str, path: str, **request: Any) -> "httpx.Response":  # noqa: ANN401 — httpx's own
        """Send a request and return its 2xx answer.

        Raises:
            NotUpError: the service cannot be reached.
            CliError: it refused; the text is the title, detail and fields of its problem document.
        """
        return self.checked(self.ask(method, path, **request))

    def ask(self, method: str, path: str, **request: Any) -> "httpx.Response":  # noqa: ANN401 — httpx's own
        """Send a request and return its answer, whatever it says.

        Raises:
            NotUpError: the service cannot be reached.
        """
        request["headers"] = {**self._at_least(), **request.get("headers", {})}
        try:
            answer = self._client.request(method, path, **request)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise NotUpError(f"{self.url} does not answer: {error}.") from error
        revision = int(answer.headers.get(REVISION_HEADER, 0))
        self._written.revision = max(self._written.revision, revision)
        return answer

    def checked(self, answer: "httpx.Response") -> "httpx.Response":
        """Return a 2xx answer.

        Raises:
            CliError: it is another; the text is the title, detail and fields of its problem.
        """
        if not answer.is_success:
            raise CliError(_problem(answer))
        return answer

    def get(self, path: str, **query: str | int) -> dict[str, Any]:
        """Return a JSON document; raises as `send`."""
        return self.send("GET", path, params=query).json()

    def items(self, path: str, **query: str | int) -> Generator[dict[str, Any]]:
        """Yield the items of every page of a list; raises as `send`."""
        after: dict[str, str | int] = {}
        while True:
            page = self.get(path, limit=PAGE_LIMIT, **query, **after)
            yield from page["items"]
            if page["next"] is None:
                return
            after = {"after": page["next"]}

    def events(self, path: str, body: dict[str, Any]) -> Generator[dict[str, Any]]:
        """Post `body`, and yield the documents of the event stream that answers; raises as `send`.

        There is no limit of time: the service tells that it is there.
        """
        try:
            timeout = httpx.Timeout(TIMEOUT_SECONDS, read=SILENCE_SECONDS)
            headers = self._at_least()
            with self._client.stream(
                "POST", path, json=body, headers=headers, timeout=timeout
            ) as answer:
                if not answer.is_success:
                    answer.read()
                self.checked(answer)
                for line in answer.iter_lines():
                    if line.startswith("data: {"):
                        yield json.loads(line.removeprefix("data: "))
        except httpx.HTTPError as error:
            raise NotUpError(f"{self.url} does not answer: {error}.") from error

    def _at_least(self) -> dict[str, str]:
        """Return the header by which a service waits for what this process has written."""
        revision = self._written.revision
        return {AT_LEAST_HEADER: str(revision)} if revision else {}


def _problem(answer: "httpx.Response") -> str:
    try:
        problem = cast("dict[str, Any]", answer.json())
        parts = [str(problem["title"]), str(problem.get("detail") or "")]
        parts += [f"{e['field']}: {e['message']}" for e in problem.get("errors") or ()]
    except (ValueError, KeyError, TypeError, AttributeError):
        parts = ["The answer is no problem document."]
    if answer.is_server_error and (request_id := answer.headers.get("Request-Id")):
        parts.append(f"(its log: request_id {request_id})")
    return " ".join([f"{answer.status_code}:", *filter(None, parts)])
