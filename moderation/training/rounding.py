"""Int8 for one matrix: weights and what goes into them, with the error kept small where it arises.

Scales of the inputs are fixed beforehand from messages of the corpus, never taken from the batch:
what one person writes must not move the score of the next. Before rounding, every input channel is
divided by a power of the largest value seen in it and its weights are multiplied by the same, which
changes nothing but lets a channel of large values share one scale with the others (Xiao et al.,
SmoothQuant, 2023). What rounding does to the mean of each output goes into the bias (Nagel et al.,
Data-Free Quantization, 2019).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

SMOOTHED: Final = 0.75
SMOOTHED_TAIL: Final = 0.5
"""The power. After the activation, where rare values are large, weights bear less."""

_NEVER_ZERO: Final = 1e-6

LARGEST: Final = 63
"""Weights use seven of the eight bits: processors without VNNI add two products in 16 bits, and of
larger ones the sum would be cut off, there alone."""


@dataclass(frozen=True, slots=True)
class Rounded:
    """One matrix [in, out] as int8. Inputs are divided by `divisor` [in], then by `scale`, and
    `zero` is added; `bias` [out] is in units of `scale * weight_scales`."""

    divisor: Array
    scale: np.float32
    zero: np.uint8
    weights: NDArray[np.int8]
    weight_scales: Array
    bias: NDArray[np.int32]

    def columns(self, start: int, end: int) -> "Rounded":
        """The part of it that gives outputs `start` to `end`, over the same inputs."""
        part = slice(start, end)
        return Rounded(
            self.divisor,
            self.scale,
            self.zero,
            self.weights[:, part],
            self.weight_scales[part],
            self.bias[part],
        )


def rounded(weights: Array, bias: Array, seen: Array, power: float) -> Rounded:
    """Round a matrix [out, in] and its bias [out], for inputs like `seen` [row, in]."""
    divisor = ((np.abs(seen).max(axis=0) + _NEVER_ZERO) ** power).astype(np.float32)
    inputs = seen / divisor
    low, high = min(float(inputs.min()), 0.0), max(float(inputs.max()), _NEVER_ZERO)
    scale = np.float32((high - low) / 255)
    zero = np.uint8(round(-low / float(scale)))
    stretched = weights * divisor
    weight_scales = (np.abs(stretched).max(axis=1) / LARGEST + _NEVER_ZERO**2).astype(np.float32)
    whole = np.rint(stretched / weight_scales[:, None])
    steps = np.clip(np.rint(inputs / scale) + float(zero), 0, 255) - float(zero)
    # In double precision: the number of threads changes the last bits of a sum, and in single ones
    # that would move a bias by a step from one machine to the next.
    exact = weights.astype(np.float64)
    before = seen.mean(axis=0, dtype=np.float64) @ exact.T
    kept = whole.astype(np.float64) * weight_scales.astype(np.float64)[:, None]
    after = (steps.mean(axis=0, dtype=np.float64) * float(scale)) @ kept.T
    return Rounded(
        divisor=divisor,
        scale=scale,
        zero=zero,
        weights=np.ascontiguousarray(whole.T.astype(np.int8)),
        weight_scales=weight_scales,
        bias=np.rint((bias + before - after) / (scale * weight_scales)).astype(np.int32),
    )
