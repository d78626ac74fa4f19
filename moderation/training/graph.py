"""The network as an ONNX graph, written straight from the weights: seconds, and no torch.

Texts are packed end to end, so that no matrix sees padding; only attention, a small part of the
work, sees them side by side (`moderation.classifiers.fast.packed`). In the last layer only the
first piece of each text is followed, because nothing else of it reaches the scores.
"""

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load_file

from moderation.classifiers.fast import SCORES
from moderation.classifiers.shipped import CheckpointError
from moderation.training.rounding import SMOOTHED, SMOOTHED_TAIL, Array, Rounded, rounded

MICROSOFT: Final = "com.microsoft"
INPUTS: Final = {
    "ids": (TensorProto.INT64, ["piece"]),
    "positions": (TensorProto.INT64, ["piece"]),
    "padded": (TensorProto.INT64, ["text", "place"]),
    "places": (TensorProto.INT64, ["piece"]),
    "lengths": (TensorProto.INT32, ["text"]),
    "firsts": (TensorProto.INT64, ["text"]),
}
QKV: Final = ("query", "key", "value")
ENDS: Final = ("weight", "bias")


class Network:
    """A BERT classifier's weights, and the graphs that can be made of them."""

    def __init__(self, folder: Path) -> None:
        """Read `folder`. Raises CheckpointError if it is not a network of the kind we can write."""
        about: dict[str, Any] = json.loads((folder / "config.json").read_text("utf-8"))
        if about.get("model_type") != "bert" or about.get("hidden_act") != "gelu":
            raise CheckpointError("only BERT with GELU has a fast form")
        self.layers = int(about["num_hidden_layers"])
        self.heads = int(about["num_attention_heads"])
        self.epsilon = float(about["layer_norm_eps"])
        loaded: dict[str, Array] = load_file(folder / "model.safetensors")
        self.weights = {name: value.astype(np.float32) for name, value in loaded.items()}
        self.size = len(self.weights["bert.embeddings.LayerNorm.weight"])
        self.rounds: tuple[str, ...] = tuple(
            f"{layer}.{part}"
            for layer in range(self.layers)
            for part in ("attention", "attended", "intermediate", "output")
            if layer < self.layers - 1 or part == "attention"
        )
        """The matrices worth rounding, by the name of what goes into them."""

    def matrices(self, name: str) -> list[str]:
        """The weights, by name and without their ending, that are multiplied with input `name`."""
        layer, part = name.split(".")
        own = f"bert.encoder.layer.{layer}."
        if part == "attention":
            last = int(layer) == self.layers - 1
            return [f"{own}attention.self.{one}" for one in (QKV[1:] if last else QKV)]
        ends = {"attended": "attention.output", "intermediate": "intermediate", "output": "output"}
        return [f"{own}{ends[part]}.dense"]

    def rounded(self, seen: Mapping[str, Array]) -> dict[str, Rounded]:
        """All matrices worth it in int8, for inputs like those `seen`."""
        return {name: self._rounded(name, seen[name]) for name in self.rounds}

    def _rounded(self, name: str, seen: Array) -> Rounded:
        ours = self.matrices(name)
        return rounded(
            np.concatenate([self.weights[f"{one}.weight"] for one in ours]),
            np.concatenate([self.weights[f"{one}.bias"] for one in ours]),
            seen,
            SMOOTHED if name.endswith(("attention", "intermediate")) else SMOOTHED_TAIL,
        )

    def graph(
        self,
        int8: Mapping[str, Rounded] | None = None,
        fine: Collection[str] = (),
        *,
        tapped: bool = False,
    ) -> bytes:
        """The graph, with the given matrices in int8; the inputs of `fine` ones in 16 bits.

        `tapped`: every input of a matrix worth rounding is an output too, under its name.
        """
        return _Drawing(self, int8 or {}, fine).whole(tapped)


class _Drawing:
    """One graph while it is drawn. Every method returns the names of what it computes."""

    def __init__(
        self, network: Network, int8: Mapping[str, Rounded], fine: Collection[str]
    ) -> None:
        self.network, self.int8, self.fine = network, int8, fine
        self.nodes: list[Any] = []
        self.constants: dict[str, Any] = {}

    def whole(self, tapped: bool) -> bytes:
        x = self._normalised(self._embedded(), "bert.embeddings.LayerNorm")
        for layer in range(self.network.layers):
            x = self._layer(layer, x)
        x = self._op("Tanh", self._product(x, "bert.pooler.dense"))
        self._op("Sigmoid", self._product(x, "classifier"), name=SCORES)
        outputs = [SCORES, *(self.network.rounds if tapped else ())]
        drawn = helper.make_graph(
            self.nodes,
            "lantern",
            [helper.make_tensor_value_info(name, *kind) for name, kind in INPUTS.items()],
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
            list(self.constants.values()),
        )
        opsets = [helper.make_opsetid("", 20), helper.make_opsetid(MICROSOFT, 1)]
        content: bytes = helper.make_model(
            drawn, opset_imports=opsets, ir_version=9
        ).SerializeToString()
        return content

    def _embedded(self) -> str:
        weights, own = self.network.weights, "bert.embeddings."
        words = self._constant("words", weights[own + "word_embeddings.weight"])
        # Every text is of the first kind: BERT's second kind is for pairs of texts.
        first_kind = weights[own + "token_type_embeddings.weight"][0]
        where = self._constant("where", weights[own + "position_embeddings.weight"] + first_kind)
        return self._op(
            "Add", self._op("Gather", words, "ids"), self._op("Gather", where, "positions")
        )

    def _layer(self, layer: int, x: str) -> str:
        own, last = f"bert.encoder.layer.{layer}.", layer == self.network.layers - 1
        x = self._op("Identity", x, name=f"{layer}.attention")
        projected = self._products(f"{layer}.attention", x)
        if last:
            x = self._op("Gather", x, "firsts")
            query = self._product(x, f"{own}attention.self.query")
            projected = [self._op("Unsqueeze", query, self._whole("one", [1])), *projected]
        else:
            projected[0] = self._op("Gather", projected[0], "padded")
        sides = [self._op("Gather", one, "padded") for one in projected[1:]]
        y = self._op(
            "MultiHeadAttention",
            *(projected[0], *sides, "", "lengths"),
            domain=MICROSOFT,
            num_heads=self.network.heads,
        )
        y = self._op("Reshape", y, self._whole("flat", [-1, self.network.size]))
        if not last:
            y = self._op("Gather", y, "places")
        y = self._product(y, f"{own}attention.output.dense", f"{layer}.attended")
        x = self._normalised(self._op("Add", y, x), f"{own}attention.output.LayerNorm")
        y = self._product(x, f"{own}intermediate.dense", f"{layer}.intermediate")
        y = self._op("Gelu", y, domain=MICROSOFT)
        y = self._product(y, f"{own}output.dense", f"{layer}.output")
        return self._normalised(self._op("Add", y, x), f"{own}output.LayerNorm")

    def _product(self, x: str, matrix: str, name: str = "") -> str:
        if name in self.network.rounds:
            return self._products(name, self._op("Identity", x, name=name))[0]
        weights = self.network.weights
        return self._op(
            "Gemm",
            x,
            self._constant(f"{matrix}.weight", weights[f"{matrix}.weight"].T),
            self._constant(f"{matrix}.bias", weights[f"{matrix}.bias"]),
        )

    def _products(self, name: str, x: str) -> list[str]:
        """One output for each matrix over the input `name`."""
        matrices = self.network.matrices(name)
        if name not in self.int8:
            return [self._product(x, matrix) for matrix in matrices]
        all_of_it = self.int8[name]
        x = self._op("Mul", x, self._constant(f"{name}.divisor", 1 / all_of_it.divisor))
        steps = self._steps(f"{name}.in", x, all_of_it.scale, all_of_it.zero)
        fine = self._left_over(name, x, steps) if name in self.fine else None
        parts, start = [], 0
        for matrix in matrices:
            end = start + len(self.network.weights[f"{matrix}.bias"])
            part = all_of_it.columns(start, end)
            held = self._held(matrix, part)
            bias = self._constant(f"{matrix}.bias8", part.bias)
            found = self._op("QGemm", *steps, *held, bias, domain=MICROSOFT)
            if fine:
                found = self._op("Add", found, self._op("QGemm", *fine, *held, domain=MICROSOFT))
            parts.append(found)
            start = end
        return parts

    def _left_over(self, name: str, x: str, steps: tuple[str, str, str]) -> tuple[str, str, str]:
        """What the first rounding left over, at most half a step either way, rounded in turn."""
        left = self._op("Sub", x, self._op("DequantizeLinear", *steps))
        scale = np.float32(self.int8[name].scale / 254)
        return self._steps(f"{name}.rest", left, scale, np.uint8(128))

    def _steps(self, name: str, x: str, scale: np.float32, zero: np.uint8) -> tuple[str, str, str]:
        scaled = self._constant(f"{name}.scale", np.array(scale))
        zeroed = self._constant(f"{name}.zero", np.array(zero))
        return self._op("QuantizeLinear", x, scaled, zeroed), scaled, zeroed

    def _held(self, matrix: str, part: Rounded) -> tuple[str, str, str]:
        zeros = np.zeros(len(part.weight_scales), dtype=np.int8)
        return (
            self._constant(f"{matrix}.weight8", part.weights),
            self._constant(f"{matrix}.scales", part.weight_scales),
            self._constant(f"{matrix}.zeros", zeros),
        )

    def _normalised(self, x: str, matrix: str) -> str:
        weights = self.network.weights
        return self._op(
            "LayerNormalization",
            x,
            *(self._constant(f"{matrix}.{end}", weights[f"{matrix}.{end}"]) for end in ENDS),
            epsilon=self.network.epsilon,
        )

    def _whole(self, name: str, value: list[int]) -> str:
        return self._constant(name, np.array(value, dtype=np.int64))

    def _constant(self, name: str, value: NDArray[Any]) -> str:
        if name not in self.constants:
            self.constants[name] = numpy_helper.from_array(np.ascontiguousarray(value), name)
        return name

    def _op(self, kind: str, *inputs: str, name: str = "", domain: str = "", **about: Any) -> str:
        name = name or f"{kind}-{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], domain=domain, **about))
        return name
