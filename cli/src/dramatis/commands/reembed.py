"""`dramatis files reembed`: the passages of the embedded stack, under another embedder."""

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from dramatis import defaults
from dramatis.errors import CliError
from dramatis.folder_lock import FolderLock
from dramatis.lazy import Lazy
from dramatis.options import examples
from dramatis.output import print_plain
from dramatis.target import DataDir

if TYPE_CHECKING:
    from service_devkit import embedded
    from service_kit import provision
else:
    embedded = Lazy("service_devkit.embedded")
    provision = Lazy("service_kit.provision")


def reembed(
    *,
    data_dir: DataDir = defaults.DATA_DIR,
) -> None:
    """Move the stored passages to the embedder that is set now; the stack must be stopped.

    Words find everything again within seconds after the next start; vectors follow.
    """
    folder = data_dir.resolve()
    if not (folder / "postgres").is_dir():
        raise CliError(f"There is no stack in {data_dir}.")
    lock = FolderLock(folder)
    lock.acquire()
    try:
        postgres = embedded.PostgresProcess(folder / "postgres")
        postgres.start()
        try:
            login = provision.Roles.of("ingest_svc").login
            _run_reembed(folder, postgres.url(login, login))
        finally:
            postgres.stop()
    finally:
        lock.release()


def register(files: typer.Typer) -> None:
    """Add the command to those of `dramatis files`."""
    files.command(epilog=examples("DRAMATIS_INGEST_EMBEDDER=none dramatis files reembed"))(reembed)


def _run_reembed(folder: Path, database_url: str) -> None:
    """Run it with ingest-svc's own settings, as they stand in this environment."""
    done = subprocess.run(
        [sys.executable, "-m", "ingest_svc", "reembed"],
        env={
            "DRAMATIS_NATS_URL": "nats://127.0.0.1:4222",
            "DRAMATIS_JWKS_URL": "file:///dev/null",
            **os.environ,
            "DRAMATIS_DATABASE_URL": database_url,
            "DRAMATIS_DATA_DIR": str(folder),
        },
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        raise CliError(done.stderr.strip()[-2_000:] or "It failed.")
    print_plain(done.stdout.strip())
