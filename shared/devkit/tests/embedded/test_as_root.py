"""Root starts Postgres as another user, in folders that only root enters."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from service_devkit.embedded import PostgresProcess, binaries
from service_devkit.testing import wait_until

SETPRIV = shutil.which("setpriv")

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(
        os.geteuid() != 0 or SETPRIV is None,
        reason="only root can become somebody else, here by setpriv (util-linux)",
    ),
]

UNPRIVILEGED = 65_534
ONLY_TO_CHANGE_USER = "-all,+setuid,+setgid"
"""Not, among others, chown, dac_override, dac_read_search, fowner and kill."""

DEFINITIONS = """
import sys
from pathlib import Path

import psycopg
from service_devkit.embedded import PostgresProcess

postgres = PostgresProcess(Path(sys.argv[1]), durable=False)


def ask(statement):
    with psycopg.connect(postgres.admin_url, autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else None

"""


@pytest.fixture
def clone(tmp_path):
    """A clone of root's, with the programs inside, which nobody else enters."""
    folder = tmp_path / "clone"
    folder.mkdir(mode=0o700)
    installed = binaries.postgres_folder()
    for name in (installed.parent.name, f"{installed.parent.name}.libs"):
        shutil.copytree(installed.parent.with_name(name), folder / "site" / name)
    return folder


def run(code, *arguments, setpriv, site=""):
    """Run Python with `setpriv`; return what it prints."""
    answer = subprocess.run(
        [SETPRIV, *setpriv, sys.executable, "-c", DEFINITIONS + code, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    return answer.stdout.split()


def run_as_root(code, clone):
    setpriv = [f"--bounding-set={ONLY_TO_CHANGE_USER}", "--inh-caps=-all"]
    return run(code, clone / "pg", setpriv=setpriv, site=clone / "site")


def lives(pid):
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def modes(folder):
    return {path: path.stat().st_mode for path in (folder, *folder.parents)}


def test_the_test_drops_the_rights_that_containers_drop(clone):
    (clone / "theirs").mkdir(mode=0o700)
    os.chown(clone / "theirs", UNPRIVILEGED, UNPRIVILEGED)
    code = "import os; print(os.access(Path(sys.argv[1]).parent / 'theirs', os.R_OK))"
    assert run_as_root(code, clone) == ["False"]


def test_postgres_runs_in_a_folder_that_only_root_enters(clone):
    before = modes(clone)
    code = """
with postgres:
    ask("create table kept as select 1 as one")
    print(Path(f"/proc/{postgres.pid}").stat().st_uid)
    print(Path(f"/proc/{postgres.pid}/cmdline").read_text().partition(chr(0))[0])
postgres.start()
print(ask("select one from kept")[0][0])
postgres.kill()
postgres.start()
print(ask("select one from kept")[0][0])
postgres.stop_immediately()
print(postgres.is_running)
"""
    program = str(binaries.postgres_copy() / "bin" / "postgres")
    assert run_as_root(code, clone) == [str(UNPRIVILEGED), program, "1", "1", "False"]
    assert run_as_root("with postgres: print(*ask('select one from kept'))", clone) == ["(1,)"]
    assert modes(clone) == before
    assert sorted(path.name for path in clone.iterdir()) == ["pg", "site"]


def test_what_root_made_can_be_deleted_by_root(clone):
    run_as_root("with postgres: pass\npostgres.delete_data()", clone)
    left = {path.name for path in (clone / "pg").iterdir()}
    assert left == {"access.conf", "owner.conf", "postgres.log"}


CONNECT = """
import sys
import psycopg

for host in sys.argv[1:]:
    for user in ("postgres", "draft", "nobody"):
        try:
            psycopg.connect(host=host, user=user, dbname="postgres").close()
            print("in")
        except psycopg.OperationalError as error:
            refusals = ("Peer authentication failed", "Permission denied")
            print("refused" if any(text in str(error) for text in refusals) else error)
"""


def test_a_process_of_the_same_user_gets_neither_in_nor_a_capability(tmp_path):
    """It may open what Postgres has open: the socket's folder too."""
    with PostgresProcess(tmp_path / "pg", durable=False) as postgres:
        server = psutil.Process(postgres.pid)
        processes = [server, *server.children(recursive=True)]
        status = [Path(f"/proc/{process.pid}/status").read_text() for process in processes]
        assert {process.uids().effective for process in processes} == {UNPRIVILEGED}
        assert set(re.findall(r"CapEff:\t(\w+)", "".join(status))) == {"0" * 16}
        # Stronger than any such process: it also passes the folders of others.
        setpriv = [f"--reuid={UNPRIVILEGED}", f"--regid={UNPRIVILEGED}", "--clear-groups"]
        setpriv += ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"]
        hosts = [tmp_path / "pg", f"/proc/{postgres.pid}/fd/9"]
        answer = subprocess.run(
            [SETPRIV, *setpriv, sys.executable, "-c", CONNECT, *map(str, hosts)],
            capture_output=True,
            text=True,
            check=True,
        )
    assert answer.stdout.splitlines() == ["refused"] * 6


async def test_postgres_ends_with_its_parent(clone):
    code = "postgres.start(); print(postgres.pid, flush=True); import os; os._exit(0)"
    (pid,) = run_as_root(code, clone)
    await wait_until(lambda: not lives(int(pid)))


def test_data_that_older_versions_made_is_kept(clone):
    """They gave the folder to `nobody` and its group, closed to others."""
    run_as_root("with postgres: ask('create table kept as select 1 as one')", clone)
    for path in ((clone / "pg"), *(clone / "pg").rglob("*")):
        path.chmod(path.stat().st_mode & 0o700)
        if path.name != "postgres.log":
            os.chown(path, UNPRIVILEGED, UNPRIVILEGED)
    assert run_as_root("with postgres: print(*ask('select one from kept'))", clone) == ["(1,)"]


def test_postgres_runs_for_a_user_who_is_not_root(tmp_path):
    folder = tmp_path / "pg"
    folder.mkdir()
    os.chown(folder, UNPRIVILEGED, UNPRIVILEGED)
    # Keeps the right to pass folders, since this Python may be in one that only root enters.
    setpriv = [f"--reuid={UNPRIVILEGED}", f"--regid={UNPRIVILEGED}", "--clear-groups"]
    setpriv += ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"]
    code = "with postgres: print(Path(f'/proc/{postgres.pid}').stat().st_uid)"
    assert run(code, folder, setpriv=setpriv) == [str(UNPRIVILEGED)]
