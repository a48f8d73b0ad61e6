"""One-time links into the studio."""

from dramatis.rest import Rest, Written


def login_link(studio_url: str, token: str) -> str:
    """Return a link that signs one browser in as the bearer of `token`, once, for 10 minutes.

    Raises:
        NotUpError: the studio does not answer.
        CliError: it refuses, as in production.
    """
    with Rest(studio_url, token, Written()) as studio:
        return studio.send("POST", "/api/login-codes").json()["url"]
