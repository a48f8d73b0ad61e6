"""Write `minilm.onnx`: the computation of all-MiniLM-L6-v2, without its weights.

Needs the package `onnx`, which nothing else here does:

    uv run --no-project --with onnx python services/ingest-svc/scripts/make_minilm_graph.py

Architecture: BERT (https://arxiv.org/abs/1810.04805) with 6 layers of 384, mean pooling and unit
length, as in https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2. Linear layers multiply
in 8 bits: their weights are expected transposed, as int8 with a scale per column, under their names
in `model.safetensors`.
"""

from pathlib import Path

import onnx
from onnx import TensorProto, helper

LAYERS, HEADS, HIDDEN, INNER, WORDS, POSITIONS = 6, 12, 384, 1536, 30522, 512
EPSILON = 1e-12
TARGET = Path(__file__).parents[1] / "src" / "ingest_svc" / "adapters" / "minilm.onnx"


class Graph:
    """Collects nodes and the weights that they read."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: dict[str, tuple[int, tuple[int, ...]]] = {}
        self.constants: dict[str, onnx.TensorProto] = {}

    def add(self, op: str, *inputs: str, **attributes: object) -> str:
        """Add a node; return the name of its output."""
        output = f"{op}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, list(inputs), [output], **attributes))
        return output

    def weight(self, name: str, *shape: int, kind: int = TensorProto.FLOAT) -> str:
        """Return the name of a weight, which is fed when the model is loaded."""
        self.weights[name] = (kind, shape)
        return name

    def constant(
        self, name: str, values: list[int] | list[float], kind: int, shape: list[int]
    ) -> str:
        """Return the name of a constant."""
        self.constants[name] = helper.make_tensor(name, kind, shape, values)
        return name

    def linear(self, value: str, name: str, inside: int, outside: int) -> str:
        """Multiply by a weight matrix in 8 bits and add its bias."""
        small, scale, zero = (f"{op}_{len(self.nodes)}" for op in ("small", "scale", "zero"))
        self.nodes.append(helper.make_node("DynamicQuantizeLinear", [value], [small, scale, zero]))
        matrix = self.weight(f"{name}.weight", inside, outside, kind=TensorProto.INT8)
        product = self.add(
            "Cast", self.add("MatMulInteger", small, matrix, zero), to=TensorProto.FLOAT
        )
        columns = self.weight(f"{name}.weight_scale", outside)
        product = self.add("Mul", product, self.add("Mul", scale, columns))
        return self.add("Add", product, self.weight(f"{name}.bias", outside))

    def norm(self, value: str, name: str) -> str:
        """Normalise a layer."""
        scale = self.weight(f"{name}.weight", HIDDEN)
        bias = self.weight(f"{name}.bias", HIDDEN)
        return self.add("LayerNormalization", value, scale, bias, axis=-1, epsilon=EPSILON)


def heads(graph: Graph, value: str, order: list[int]) -> str:
    """Split the hidden size into heads."""
    return graph.add("Transpose", graph.add("Reshape", value, "heads_shape"), perm=order)


def layer(graph: Graph, value: str, number: int, mask: str) -> str:
    """Add one layer of the encoder."""
    name = f"encoder.layer.{number}"
    own = f"{name}.attention.self"
    query = heads(graph, graph.linear(value, f"{own}.query", HIDDEN, HIDDEN), [0, 2, 1, 3])
    key = heads(graph, graph.linear(value, f"{own}.key", HIDDEN, HIDDEN), [0, 2, 3, 1])
    values = heads(graph, graph.linear(value, f"{own}.value", HIDDEN, HIDDEN), [0, 2, 1, 3])
    scores = graph.add("Mul", graph.add("MatMul", query, key), "scale")
    weights = graph.add("Softmax", graph.add("Add", scores, mask), axis=-1)
    seen = graph.add("Transpose", graph.add("MatMul", weights, values), perm=[0, 2, 1, 3])
    seen = graph.add("Reshape", seen, "hidden_shape")
    seen = graph.linear(seen, f"{name}.attention.output.dense", HIDDEN, HIDDEN)
    value = graph.norm(graph.add("Add", seen, value), f"{name}.attention.output.LayerNorm")
    inner = graph.add("Gelu", graph.linear(value, f"{name}.intermediate.dense", HIDDEN, INNER))
    outer = graph.linear(inner, f"{name}.output.dense", INNER, HIDDEN)
    return graph.norm(graph.add("Add", outer, value), f"{name}.output.LayerNorm")


def build() -> onnx.ModelProto:
    """Return the model: token ids and their mask in, vectors of unit length out."""
    graph = Graph()
    graph.constant("heads_shape", [0, 0, HEADS, HIDDEN // HEADS], TensorProto.INT64, [4])
    graph.constant("hidden_shape", [0, 0, HIDDEN], TensorProto.INT64, [3])
    graph.constant("scale", [(HIDDEN // HEADS) ** -0.5], TensorProto.FLOAT, [])
    graph.constant("one", [1.0], TensorProto.FLOAT, [])
    graph.constant("far", [-10_000.0], TensorProto.FLOAT, [])
    graph.constant("axes_1_2", [1, 2], TensorProto.INT64, [2])
    graph.constant("axis_1", [1], TensorProto.INT64, [1])
    graph.constant("axis_2", [2], TensorProto.INT64, [1])
    graph.constant("tiny", [1e-9], TensorProto.FLOAT, [])
    graph.constant("zero_1", [0], TensorProto.INT64, [1])
    words = graph.weight("embeddings.word_embeddings.weight", WORDS, HIDDEN)
    positions = graph.weight("embeddings.position_embeddings.weight", POSITIONS, HIDDEN)
    kind = graph.weight("embeddings.token_type_embeddings.weight", 2, HIDDEN)
    length = graph.add("Slice", graph.add("Shape", "ids"), "axis_1", "axis_2", "zero_1")
    places = graph.add("Slice", positions, "zero_1", length, "zero_1")
    value = graph.add("Add", graph.add("Gather", words, "ids"), places)
    value = graph.add("Add", value, graph.add("Gather", kind, "zero_1"))
    value = graph.norm(value, "embeddings.LayerNorm")
    real = graph.add("Cast", "mask", to=TensorProto.FLOAT)
    hidden = graph.add("Mul", graph.add("Sub", "one", real), "far")
    mask = graph.add("Unsqueeze", hidden, "axes_1_2")
    for number in range(LAYERS):
        value = layer(graph, value, number, mask)
    kept = graph.add("Mul", value, graph.add("Unsqueeze", real, "axis_2"))
    total = graph.add("ReduceSum", kept, "axis_1", keepdims=0)
    count = graph.add("Max", graph.add("ReduceSum", real, "axis_1", keepdims=1), "tiny")
    mean = graph.add("Div", total, count)
    size = graph.add("Max", graph.add("ReduceL2", mean, "axis_1", keepdims=1), "tiny")
    graph.nodes.append(helper.make_node("Div", [mean, size], ["vectors"]))
    return helper.make_model(
        helper.make_graph(
            graph.nodes,
            "minilm",
            [
                helper.make_tensor_value_info("ids", TensorProto.INT64, ["texts", "tokens"]),
                helper.make_tensor_value_info("mask", TensorProto.INT64, ["texts", "tokens"]),
            ],
            [helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["texts", HIDDEN])],
            [*graph.constants.values(), *(fed(*item) for item in graph.weights.items())],
        ),
        opset_imports=[helper.make_opsetid("", 20)],
        ir_version=10,
    )


def fed(name: str, weight: tuple[int, tuple[int, ...]]) -> onnx.TensorProto:
    """Return the declaration of a weight whose values are given when the model is loaded."""
    kind, shape = weight
    tensor = TensorProto(name=name, data_type=kind, dims=shape)
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="fed when loaded")
    return tensor


if __name__ == "__main__":
    TARGET.write_bytes(build().SerializeToString())
