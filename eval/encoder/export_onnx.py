"""Write the ONNX graph of the embedded encoder, its weights left where they are.

The graph is a BERT encoder with mean pooling and L2 normalisation. Its initialisers point into
`model.safetensors` (ONNX external data: file, offset, length), so that ONNX Runtime and
sentence-transformers read the same 59 MB and the package holds them once. The weights are stored
as fp16 and cast to fp32 when the session is made; the token table stays fp16 on disk, memory-mapped,
and only the rows of a batch are cast.

    python eval/encoder/export_onnx.py rag/encoders/embedded
"""

import json
import struct
import sys
from pathlib import Path

import onnx
from onnx import TensorProto, helper

OPSET = 20  # the first with Gelu; LayerNormalization came with 17
DTYPES = {"F16": TensorProto.FLOAT16, "F32": TensorProto.FLOAT}


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
            data_type=DTYPES[entry["dtype"]],
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
    """Collects nodes; each method adds one and returns the name of its output."""

    def __init__(self, tensors: dict[str, onnx.TensorProto]) -> None:
        self.tensors = tensors
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: dict[str, onnx.TensorProto] = {}

    def add(self, operator: str, *inputs: str, domain: str = "", **attributes: object) -> str:
        output = f"{operator.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [output], domain=domain, **attributes))
        return output

    def constant(self, name: str, kind: int, shape: list[int], values: list[float]) -> str:
        self.initializers[name] = helper.make_tensor(name, kind, shape, values)
        return name

    def stored(self, name: str) -> str:
        self.initializers[name] = self.tensors[name]
        return name

    def weight(self, name: str) -> str:
        return self.add("Cast", self.stored(name), to=TensorProto.FLOAT)

    def linear(self, value: str, name: str) -> str:
        kernel = self.add("Transpose", self.weight(f"{name}.weight"), perm=[1, 0])
        return self.add("Add", self.add("MatMul", value, kernel), self.weight(f"{name}.bias"))

    def norm(self, value: str, name: str, epsilon: float) -> str:
        return self.add(
            "LayerNormalization",
            value,
            self.weight(f"{name}.weight"),
            self.weight(f"{name}.bias"),
            axis=-1,
            epsilon=epsilon,
        )


def build(folder: Path) -> onnx.ModelProto:
    """Build the graph: `input_ids`, `attention_mask` int64 [batch, length] -> `embedding` float32
    [batch, dimension], rows of length 1."""
    config = json.loads((folder / "config.json").read_text())
    heads, width = config["num_attention_heads"], config["hidden_size"]
    epsilon = config["layer_norm_eps"]
    graph = Graph(external_tensors(folder / "model.safetensors"))
    constant, add = graph.constant, graph.add

    one = constant("one", TensorProto.INT64, [1], [1])
    zero = constant("zero", TensorProto.INT64, [], [0])
    step = constant("step", TensorProto.INT64, [], [1])
    heads_shape = constant("heads_shape", TensorProto.INT64, [4], [0, 0, heads, width // heads])
    merged_shape = constant("merged_shape", TensorProto.INT64, [3], [0, 0, width])
    scale = constant("scale", TensorProto.FLOAT, [], [(width // heads) ** -0.5])
    hidden_bias = constant("hidden_bias", TensorProto.FLOAT, [], [-10000.0])
    unit = constant("unit", TensorProto.FLOAT, [], [1.0])

    length = add("Squeeze", add("Shape", "input_ids", start=1, end=2))
    positions = add("Range", zero, length, step)
    words = add("Gather", graph.stored("embeddings.word_embeddings.weight"), "input_ids")
    places = add("Gather", graph.stored("embeddings.position_embeddings.weight"), positions)
    kind = add("Gather", graph.stored("embeddings.token_type_embeddings.weight"), zero)
    state = add("Add", add("Cast", words, to=TensorProto.FLOAT), add("Cast", places, to=1))
    state = add("Add", state, add("Cast", kind, to=TensorProto.FLOAT))
    state = graph.norm(state, "embeddings.LayerNorm", epsilon)

    mask = add("Cast", "attention_mask", to=TensorProto.FLOAT)  # [batch, length]
    gaps = add("Mul", add("Sub", unit, mask), hidden_bias)
    axes = constant("axes", TensorProto.INT64, [2], [1, 2])
    gaps = add("Unsqueeze", gaps, axes)  # [batch, 1, 1, length]

    for index in range(config["num_hidden_layers"]):
        layer = f"encoder.layer.{index}"
        split = {}
        for part, order in (("query", [0, 2, 1, 3]), ("key", [0, 2, 3, 1]), ("value", [0, 2, 1, 3])):
            flat = graph.linear(state, f"{layer}.attention.self.{part}")
            split[part] = add("Transpose", add("Reshape", flat, heads_shape), perm=order)
        scores = add("Mul", add("MatMul", split["query"], split["key"]), scale)
        weights = add("Softmax", add("Add", scores, gaps), axis=-1)
        context = add("Transpose", add("MatMul", weights, split["value"]), perm=[0, 2, 1, 3])
        context = add("Reshape", context, merged_shape)
        attended = graph.linear(context, f"{layer}.attention.output.dense")
        state = graph.norm(add("Add", attended, state), f"{layer}.attention.output.LayerNorm", epsilon)
        inner = add("Gelu", graph.linear(state, f"{layer}.intermediate.dense"))
        outer = graph.linear(inner, f"{layer}.output.dense")
        state = graph.norm(add("Add", outer, state), f"{layer}.output.LayerNorm", epsilon)

    last = constant("last", TensorProto.INT64, [1], [2])
    column = add("Unsqueeze", mask, last)
    total = add("ReduceSum", add("Mul", state, column), one, keepdims=0)
    mean = add("Div", total, add("ReduceSum", mask, one, keepdims=1))
    graph.nodes.append(helper.make_node("LpNormalization", [mean], ["embedding"], axis=-1, p=2))

    sizes = ["batch", "length"]
    return helper.make_model(
        helper.make_graph(
            graph.nodes,
            "encoder",
            [helper.make_tensor_value_info(n, TensorProto.INT64, sizes) for n in ("input_ids", "attention_mask")],
            [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["batch", width])],
            list(graph.initializers.values()),
        ),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=10,
    )


if __name__ == "__main__":
    target = Path(sys.argv[1])
    (target / "model.onnx").write_bytes(build(target).SerializeToString())
