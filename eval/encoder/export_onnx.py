"""Write the ONNX graph of the embedded encoder, its weights left where they are.

The graph is a BERT encoder with mean pooling and L2 normalisation. Its initialisers point into
`model.safetensors` (ONNX external data: file, offset, length), so that ONNX Runtime and
sentence-transformers read the same 59 MB and the package holds them once. The weights are stored
as fp16 and cast to fp32 when the session is made; the token table stays fp16, memory-mapped,
and only the rows that a batch needs are cast.

Plain operators only. ONNX Runtime fuses bias and Gelu itself; what it offers beyond that was tried
at 512 padded tokens a batch, chunks for each second of CPU: this graph 32.9, one product for
queries, keys and values 32.7, MultiHeadAttention 33.1, SkipLayerNormalization 29.5, the last two
30.4, all three 29.4. Eight bits by block (MatMulNBits) gave 0.8 of the speed at a cosine of 0.9994.
Products of matrices are 71 % of the time and run at the CPU's fp32 peak.

`model.int8.onnx` multiplies in 8 bits, for CPUs with instructions for it (VNNI, AMX): twice as
quick, at a cosine of .996 and more. It points into the same weights.

    python eval/encoder/export_onnx.py rag/encoders/embedded
"""

import json
import struct
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper
from safetensors.numpy import load_file

from rag.encoders.manifest import BYTE_GRAPH, GRAPH, Manifest

OPSET = 20  # the first with Gelu; LayerNormalization came with 17
IR_VERSION = 10  # what ONNX Runtime 1.20 reads
FLOAT = TensorProto.FLOAT
STORED_AS = {"F16": TensorProto.FLOAT16, "F32": FLOAT}
MASKED = -10_000.0  # exp of it is 0 in fp32
LEAST_SCALE = 1e-9  # of a row of zeros, which would otherwise be divided by 0


def external_tensors(weights: Path) -> dict[str, onnx.TensorProto]:
    """Describe every tensor of a safetensors file as an ONNX initialiser that points into it."""
    with weights.open("rb") as file:
        (header_length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(header_length))
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        tensor = TensorProto(
            name=name,
            dims=entry["shape"],
            data_type=STORED_AS[entry["dtype"]],
            data_location=TensorProto.EXTERNAL,
        )
        for key, value in (
            ("location", weights.name),
            ("offset", 8 + header_length + begin),
            ("length", end - begin),
        ):
            tensor.external_data.add(key=key, value=str(value))
        tensors[name] = tensor
    return tensors


class Graph:
    """Collects nodes; most methods add one and return the name of its output.

    Args:
        tensors: what the weights' file holds, by name.
    """

    def __init__(self, tensors: dict[str, onnx.TensorProto]) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: dict[str, onnx.TensorProto] = {}
        self._tensors = tensors

    def add(self, operator: str, *inputs: str, **attributes: Any) -> str:  # noqa: ANN401
        """Add a node with one output."""
        output = f"{operator.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [output], **attributes))
        return output

    def constant(self, name: str, kind: int, shape: Sequence[int], values: Sequence[float]) -> str:
        """Add a constant."""
        self.initializers[name] = helper.make_tensor(name, kind, shape, values)
        return name

    def integers(self, name: str, *values: int) -> str:
        """Add a constant of rank 1."""
        return self.constant(name, TensorProto.INT64, [len(values)], values)

    def number(self, name: str, value: float) -> str:
        """Add a constant of rank 0, fp32."""
        return self.constant(name, FLOAT, [], [value])

    def stored(self, name: str) -> str:
        """Use a tensor of the weights' file as it is stored."""
        self.initializers[name] = self._tensors[name]
        return name

    def weight(self, name: str) -> str:
        """Use a tensor of the weights' file in fp32."""
        return self.add("Cast", self.stored(name), to=FLOAT)

    def linear(self, value: str, name: str) -> str:
        """Multiply by a weight and add its bias."""
        kernel = self.add("Transpose", self.weight(f"{name}.weight"), perm=[1, 0])
        return self.add("Add", self.add("MatMul", value, kernel), self.weight(f"{name}.bias"))

    def norm(self, value: str, name: str, epsilon: float) -> str:
        """Normalise each token's vector."""
        scale, bias = self.weight(f"{name}.weight"), self.weight(f"{name}.bias")
        return self.add("LayerNormalization", value, scale, bias, axis=-1, epsilon=epsilon)


class ByteGraph(Graph):
    """Multiplies by weights in 8 bits; all else stays as it is.

    A weight has one scale for each output, an activation one for each token (vector-wise
    quantisation, Dettmers et al. 2022, arXiv:2208.07339). Dynamic quantisation as libraries offer
    it has one scale for all activations of a batch: it is quicker, and a text's vector depends on
    the texts beside it. Weights become 8 bits when the session is made, so that they are not stored
    twice; their scales are stored, as finding them would take 30 ms of each start.

    Args:
        tensors: what the weights' file holds, by name.
        weights: the same, read.
    """

    def __init__(
        self, tensors: dict[str, onnx.TensorProto], weights: Mapping[str, NDArray[np.floating]]
    ) -> None:
        super().__init__(tensors)
        self._weights = weights
        self._rows: dict[str, tuple[str, str]] = {}
        self.number("step_of_127", 1 / 127)
        self.number("least", LEAST_SCALE)
        self.number("one", 1.0)
        self.integers("last", -1)
        self.constant("middle", TensorProto.UINT8, [], [128])

    def linear(self, value: str, name: str) -> str:
        """Multiply by a weight in 8 bits and add its bias."""
        row, row_scale = self.quantised_rows(value)
        kernel, scale = self.quantised_weight(f"{name}.weight")
        product = self.add("Cast", self.add("MatMulInteger", row, kernel, "middle"), to=FLOAT)
        # One after the other: the product of both scales is taken for a single number by a fusion
        # of ONNX Runtime 1.31, which then gives other vectors (cosine .4).
        scaled = self.add("Mul", self.add("Mul", product, scale), row_scale)
        return self.add("Add", scaled, self.weight(f"{name}.bias"))

    def quantised_rows(self, value: str) -> tuple[str, str]:
        """Give activations as uint8 around 128, and the scale of each token: [batch, length, 1]."""
        if value not in self._rows:
            largest = self.add("ReduceMax", self.add("Abs", value), "last", keepdims=1)
            scale = self.add("Max", self.add("Mul", largest, "step_of_127"), "least")
            steps = self.add("Div", value, scale)
            self._rows[value] = (self.add("QuantizeLinear", steps, "one", "middle"), scale)
        return self._rows[value]

    def quantised_weight(self, name: str) -> tuple[str, str]:
        """Give a weight as int8 [inputs, outputs], and the scale of each output: [outputs]."""
        largest = np.abs(self._weights[name].astype(np.float32)).max(axis=1)
        scales = np.maximum(largest / 127, LEAST_SCALE)
        count = [len(scales)]
        scale = self.constant(f"{name}.scale", FLOAT, count, scales.tolist())
        zeros = self.constant(f"zeros_{len(scales)}", TensorProto.INT8, count, [0] * len(scales))
        kernel = self.add("QuantizeLinear", self.weight(name), scale, zeros, axis=0)
        return self.add("Transpose", kernel, perm=[1, 0]), scale


def add_embeddings(graph: Graph, epsilon: float) -> str:
    """Add the sum of token, position and segment vectors: [batch, length, width]."""
    zero = graph.constant("zero", TensorProto.INT64, [], [0])
    step = graph.constant("step", TensorProto.INT64, [], [1])
    length = graph.add("Squeeze", graph.add("Shape", "input_ids", start=1, end=2))
    rows = {
        "word": "input_ids",
        "position": graph.add("Range", zero, length, step),
        "token_type": zero,
    }
    parts = []
    for table, row in rows.items():
        found = graph.add("Gather", graph.stored(f"embeddings.{table}_embeddings.weight"), row)
        parts.append(graph.add("Cast", found, to=FLOAT))
    total = graph.add("Add", graph.add("Add", parts[0], parts[1]), parts[2])
    return graph.norm(total, "embeddings.LayerNorm", epsilon)


def add_layer(graph: Graph, state: str, gaps: str, layer: str, epsilon: float) -> str:
    """Add one layer of attention and feed-forward: [batch, length, width] to the same.

    Args:
        graph: where to; holds the constants heads_shape, merged_shape and scale.
        state: the vectors that come in.
        gaps: added to the attention scores, 0 or MASKED, [batch, 1, 1, length].
        layer: the name of its weights.
        epsilon: of the normalisations.
    """
    add = graph.add
    split = {}
    for part, order in (("query", [0, 2, 1, 3]), ("key", [0, 2, 3, 1]), ("value", [0, 2, 1, 3])):
        flat = graph.linear(state, f"{layer}.attention.self.{part}")
        split[part] = add("Transpose", add("Reshape", flat, "heads_shape"), perm=order)
    scores = add("Mul", add("MatMul", split["query"], split["key"]), "scale")
    weights = add("Softmax", add("Add", scores, gaps), axis=-1)
    context = add("Transpose", add("MatMul", weights, split["value"]), perm=[0, 2, 1, 3])
    context = add("Reshape", context, "merged_shape")
    attended = graph.linear(context, f"{layer}.attention.output.dense")
    state = graph.norm(add("Add", attended, state), f"{layer}.attention.output.LayerNorm", epsilon)
    inner = add("Gelu", graph.linear(state, f"{layer}.intermediate.dense"))
    outer = graph.linear(inner, f"{layer}.output.dense")
    return graph.norm(add("Add", outer, state), f"{layer}.output.LayerNorm", epsilon)


def build(folder: Path, *, bytewise: bool) -> onnx.ModelProto:
    """Build the graph.

    Args:
        folder: of the weights and config.json.
        bytewise: whether weights are multiplied in 8 bits.

    Returns:
        `input_ids`, `attention_mask` int64 [batch, length] -> `embedding` float32
        [batch, dimension], rows of length 1.
    """
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    heads, width = config["num_attention_heads"], config["hidden_size"]
    weights = folder / "model.safetensors"
    tensors = external_tensors(weights)
    graph = ByteGraph(tensors, load_file(weights)) if bytewise else Graph(tensors)
    graph.integers("heads_shape", 0, 0, heads, width // heads)
    graph.integers("merged_shape", 0, 0, width)
    graph.number("scale", (width // heads) ** -0.5)

    state = add_embeddings(graph, config["layer_norm_eps"])
    mask = graph.add("Cast", "attention_mask", to=FLOAT)  # [batch, length]
    masked = graph.add("Sub", graph.number("present", 1.0), mask)
    gaps = graph.add("Mul", masked, graph.number("masked", MASKED))
    gaps = graph.add("Unsqueeze", gaps, graph.integers("heads_and_queries", 1, 2))
    for index in range(config["num_hidden_layers"]):
        layer = f"encoder.layer.{index}"
        state = add_layer(graph, state, gaps, layer, config["layer_norm_eps"])

    tokens = graph.integers("tokens", 1)
    column = graph.add("Unsqueeze", mask, graph.integers("width", 2))
    total = graph.add("ReduceSum", graph.add("Mul", state, column), tokens, keepdims=0)
    mean = graph.add("Div", total, graph.add("ReduceSum", mask, tokens, keepdims=1))
    graph.nodes.append(helper.make_node("LpNormalization", [mean], ["embedding"], axis=-1, p=2))

    sizes = ["batch", "length"]
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.INT64, sizes)
        for name in ("input_ids", "attention_mask")
    ]
    output = helper.make_tensor_value_info("embedding", FLOAT, ["batch", width])
    constants = list(graph.initializers.values())
    return helper.make_model(
        helper.make_graph(graph.nodes, "encoder", inputs, [output], constants),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
    )


def export(folder: Path) -> None:
    """Write both graphs and then `manifest.json` beside the weights."""
    for name, bytewise in ((GRAPH, False), (BYTE_GRAPH, True)):
        graph = build(folder, bytewise=bytewise)
        (folder / name).write_bytes(graph.SerializeToString(deterministic=True))
    Manifest.of(folder).write(folder)


if __name__ == "__main__":
    export(Path(sys.argv[1]))
