"""Who runs Postgres, and how that user reaches its folder and programs."""

import os
import pwd
import shutil
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from signal import SIGINT
from typing import Self

from service_devkit.embedded import binaries, launch
from service_devkit.embedded.process import (
    ROOT_OR_PRESENT,
    Account,
    Command,
    StartError,
    start_child,
)

_LET_GROUP_IN = """
chgrp "$0" "$1" && chmod g=rwx "$1" || exit
[ ! -e "$1/data" ] || { chgrp "$0" "$1/data" && chmod g=rx "$1/data"; }
"""


@dataclass(frozen=True, slots=True)
class PostgresUser:
    """This process's user; for root, whom Postgres refuses, another user in root's group.

    Root and that user reach what the other makes by their group, and the user reaches `folder` as
    an open file: so root needs no capability but CAP_SETUID and CAP_SETGID, and the folders above
    may be root's alone (on Linux; elsewhere everybody must be able to pass them).
    """

    folder: Path
    account: Account

    @classmethod
    def of(cls, folder: Path) -> Self:
        """Return who runs the server in `folder`: for root the data's owner, `nobody` at first."""
        if os.geteuid() != 0:
            return cls(folder, ROOT_OR_PRESENT)
        for path in (folder, folder / "data"):
            with suppress(FileNotFoundError):
                if owner := path.stat().st_uid:
                    return cls(folder, Account(owner, os.getegid()))
        return cls(folder, Account(pwd.getpwnam("nobody").pw_uid, os.getegid()))

    @property
    def is_other(self) -> bool:
        """Whether it is not who runs this process."""
        return self.account != ROOT_OR_PRESENT

    @property
    def own_path(self) -> Path:
        """The path by which its processes reach `folder`."""
        return Path(launch.FOLDER) if self._gets_folder_open else self.folder

    @property
    def _gets_folder_open(self) -> bool:
        return self.is_other and sys.platform == "linux"

    def command(self, arguments: Sequence[str | Path]) -> Command:
        """Return a command that this user runs; paths in `folder` begin with `own_path`."""
        return Command(
            arguments=arguments,
            env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
            account=self.account,
            folder=self.folder if self._gets_folder_open else None,
            death_signal=SIGINT,
        )

    def open_folder(self) -> None:
        """Make the folder, and let those in who need it.

        Raises:
            StartError: it cannot be opened to them.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        if not self.is_other:
            self.folder.chmod(0o700)
        elif self.folder.stat().st_uid == 0:
            os.chown(self.folder, -1, self.account.group_id)
            self.folder.chmod(0o770)
        elif not self.run(
            "/bin/sh", "-c", _LET_GROUP_IN, str(self.account.group_id), self.own_path
        ):  # it is all the user's, as older versions made it
            raise StartError(f"User {self.account.user_id} cannot let root into {self.folder}.")

    def programs(self) -> Path:
        """Return the folder of the server's programs, or of a copy if the user cannot run them.

        Raises:
            BinaryMissingError: they are not installed.
            StartError: they cannot be copied.
        """
        installed = binaries.postgres_folder() / "bin"
        if not self.is_other or self.run(installed / "postgres", "--version"):
            return installed
        try:
            return binaries.postgres_copy() / "bin"
        except OSError as error:
            raise StartError(
                f"Postgres does not run as root. User {self.account.user_id} cannot run"
                f" {installed / 'postgres'}, and it cannot be copied: {error}"
            ) from error

    def run(self, *arguments: str | Path) -> bool:
        """Run a command that ends soon, and return whether it ended well."""
        return start_child(self.command(arguments), Path(os.devnull)).wait() == 0

    def signal(self, number: int, *process_ids: int) -> None:
        """Signal processes of this user that may just have ended."""
        self.run("/bin/sh", "-c", 'kill "$@"', "sh", f"-{number}", *map(str, process_ids))

    def remove(self, name: str) -> None:
        """Remove what may be root's or the user's from the folder."""
        shutil.rmtree(self.folder / name, ignore_errors=True)
        if self.is_other and (self.folder / name).exists():
            self.run("/bin/rm", "-rf", self.own_path / name)
