"""Where a running stack says its addresses: `stack.json` in its data folder."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

from dramatis.errors import CliError, NotUpError

FILE_NAME = "stack.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """The addresses of a running stack."""

    nats: str
    services: dict[str, str]

    def save(self, data_dir: Path) -> None:
        """Write them, whole or not at all."""
        with NamedTemporaryFile("w", dir=data_dir, delete=False) as file:
            json.dump(asdict(self), file)
        Path(file.name).replace(data_dir / FILE_NAME)


def load_endpoints(data_dir: Path) -> Endpoints:
    """Return the addresses of the stack that runs in `data_dir`.

    Raises:
        NotUpError: none runs there.
        CliError: the file cannot be read.
    """
    path = data_dir / FILE_NAME
    try:
        saved = json.loads(path.read_text())
        return Endpoints(nats=saved["nats"], services=saved["services"])
    except FileNotFoundError:
        raise NotUpError(f"No stack runs in {data_dir}: there is no {FILE_NAME}.") from None
    except (OSError, ValueError, KeyError, TypeError):
        raise CliError(f"{path} cannot be read.", "Stop the stack and delete the file.") from None


def forget_endpoints(data_dir: Path) -> None:
    """Remove the file: the stack stops."""
    (data_dir / FILE_NAME).unlink(missing_ok=True)
