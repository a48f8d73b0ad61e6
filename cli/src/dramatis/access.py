"""What each service needs of the broker, as its code told it when `access.json` was made.

`python -m dramatis.access` makes the file anew (`make schemas`); it needs `dramatis[local]`.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from service_kit.access import ACCESS, Access

from dramatis.services import SERVICES, ServiceSpec

FILE = Path(__file__).with_name("access.json")
NOWHERE = {
    "DRAMATIS_HTTP_PORT": "1",
    "DRAMATIS_NATS_URL": "nats://127.0.0.1:1",
    "DRAMATIS_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
    "DRAMATIS_JWKS_URL": "https://issuer.example/jwks",
}
"""Nothing of it is asked."""


def load_access() -> Sequence[Access]:
    """Return the access of every service."""
    return ACCESS.validate_json(FILE.read_bytes())


def told_by_code() -> bytes:
    """Return what the file has to hold, asking each service's own code.

    Raises:
        subprocess.CalledProcessError: a service does not tell.
    """
    with ThreadPoolExecutor() as pool:
        told = [access for found in pool.map(_of, SERVICES) for access in found]
    return ACCESS.dump_json(told, indent=1) + b"\n"


def _of(spec: ServiceSpec) -> Sequence[Access]:
    told = subprocess.run(  # noqa: S603 — our own packages
        [sys.executable, "-m", spec.package, "access"],
        env={**os.environ, **NOWHERE},
        stdout=subprocess.PIPE,
        check=True,
    )
    return ACCESS.validate_json(told.stdout)


if __name__ == "__main__":
    FILE.write_bytes(told_by_code())
