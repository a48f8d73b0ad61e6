"""A service that is set up wrongly says what to change, and does not start."""

import os
import subprocess
import sys

import pytest
from service_devkit.testing.waiting import HANG_SECONDS

WHOLE = {
    "DRAMATIS_NATS_URL": "nats://127.0.0.1:1",
    "DRAMATIS_DATABASE_URL": "postgresql://draft@127.0.0.1:1/draft",
    "DRAMATIS_JWKS_URL": "https://issuer.example/jwks",
}
SECRET = "only-in-the-settings"


def started(package, **env):
    """Start a service with these settings alone; return its exit code and what it said."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("DRAMATIS", "OPENAI"))}
    ended = subprocess.run(
        [sys.executable, "-m", package],
        env={**inherited, **env},
        capture_output=True,
        text=True,
        timeout=HANG_SECONDS,
        check=False,
    )
    return ended.returncode, ended.stderr


@pytest.mark.parametrize("package", ["persona_svc", "draft_svc"])
def test_each_missing_variable_is_named(package):
    code, said = started(package)
    assert code == 2
    assert sorted(line.partition(":")[0] for line in said.splitlines()) == sorted(WHOLE)


@pytest.mark.parametrize(
    ("env", "named"),
    [
        ({"DRAMATIS_PROFILE": "production"}, "stand-ins: writer:offline"),
        ({"DRAMATIS_WRITER": "openai"}, "OPENAI_API_KEY"),
        ({"DRAMATIS_WRITER": "openai", "OPENAI_API_KEY": SECRET}, "DRAMATIS_MODEL"),
        ({"DRAMATIS_PROFILE": "production", "DRAMATIS_DIE_AT": "after-claim"}, "DRAMATIS_DIE_AT"),
        ({"DRAMATIS_DATABASE_URL": f"mysql://x:{SECRET}@db/draft"}, "postgresql://"),
        ({"DRAMATIS_HTTP_PORT": "many"}, "DRAMATIS_HTTP_PORT"),
    ],
)
def test_what_cannot_work_is_refused_in_one_line_without_values(env, named):
    code, said = started("draft_svc", **{**WHOLE, **env})
    assert code == 2
    assert named in said
    assert "Traceback" not in said
    assert SECRET not in said


def test_a_secret_may_come_from_a_file(tmp_path):
    (tmp_path / "dramatis_database_url").write_text(WHOLE["DRAMATIS_DATABASE_URL"])
    code, said = started(
        "draft_svc",
        DRAMATIS_SECRETS_DIR=str(tmp_path),
        DRAMATIS_NATS_URL=WHOLE["DRAMATIS_NATS_URL"],
    )
    assert code == 2
    assert said.splitlines() == ["DRAMATIS_JWKS_URL: Field required"]
