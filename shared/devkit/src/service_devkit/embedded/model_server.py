"""The program of `ModelProcess`: llama.cpp's server, with the model of the group `model`."""

import os
import sys
from importlib import import_module
from threading import Event
from typing import Any

from service_devkit.embedded.model import MODEL, model_file
from service_devkit.embedded.ports import LOOPBACK

CONTEXT_TOKENS = 8_192


def main(port: int) -> None:
    """Serve until killed."""
    file = model_file()
    if file is None:
        raise SystemExit("The packages of the dependency group `model` are not installed.")
    llama: Any = import_module("xllamacpp")  # without types, and not there by default
    options = llama.CommonParams()
    options.model.path, options.model_alias = str(file), {MODEL}
    options.hostnames, options.port = [LOOPBACK], port
    options.n_ctx, options.n_parallel = CONTEXT_TOKENS, 1
    # All of them would take turns spinning with the services that wait for it.
    options.cpuparams.n_threads = max(1, (os.cpu_count() or 2) // 2)
    options.offline, options.ui = True, False
    server = llama.Server(options)
    print(server.listening_address, flush=True)  # noqa: T201 — into its log
    Event().wait()


if __name__ == "__main__":
    main(int(sys.argv[1]))
