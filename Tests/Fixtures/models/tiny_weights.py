"""Weights from a seeded integer generator, so that a test makes the same weights and no file has to carry them.

Element i of a tensor is

    z = fnv1a64(MODEL + "/" + TENSOR) + (i + 1) * 0x9E3779B97F4A7C15        (all arithmetic modulo 2 ** 64)
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB
    z =  z ^ (z >> 31)
    j = 2 * (z >> 57) - 127                                                 (an odd integer from -127 to 127)
    element = base + j * 2 ** exponent                                      (base is 0, 1 or 3)

with i in row-major order, MODEL the name of the fixture (or its "seed" where it has one) and TENSOR the tensor's name
in the text model's own spelling (no prefix of a wrapping model). The mixer is SplitMix64 (Steele, Lea, Flood: "Fast
Splittable Pseudorandom Number Generators"). Every element has at most eight significant bits, so F32, F16 and BF16 hold
it exactly: one set of logits is right for all three.
"""

import re
from dataclasses import dataclass

import numpy as np

# The standard deviation of the odd integers from -127 to 127.
INTEGER_DEVIATION = float(np.sqrt((128**2 - 1) / 3))


@dataclass(frozen=True)
class Recipe:
    """How a tensor is filled: `base + j * 2 ** exponent`."""

    name: str
    shape: tuple[int, ...]
    base: int
    exponent: int

    def described(self) -> dict:
        return {"name": self.name, "shape": list(self.shape), "base": self.base, "exponent": self.exponent}

    def filled(self, model: str) -> np.ndarray:
        z = random_words(f"{model}/{self.name}", int(np.prod(self.shape)))
        integers = 2 * (z >> np.uint64(57)).astype(np.int64) - 127
        return (self.base + integers * 2.0**self.exponent).astype(np.float32).reshape(self.shape)


def random_words(seed: str, count: int) -> np.ndarray:
    with np.errstate(over="ignore"):
        z = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z += np.uint64(fnv1a64(seed))
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def fnv1a64(text: str) -> int:
    value = 0xCBF29CE484222325
    for byte in text.encode():
        value = (value ^ byte) * 0x100000001B3 % 2**64
    return value


def exponent_for(deviation: float) -> int:
    """The power of two that brings the elements' standard deviation nearest to `deviation`."""
    return round(float(np.log2(deviation / INTEGER_DEVIATION)))


def recipe(
    name: str,
    shape: tuple[int, ...],
    tied: bool,
    norm_base: int,
    gains: dict[str, float],
    large_norms: str | None,
) -> Recipe:
    """Chooses base and exponent by the tensor's role, so that activations and logits keep a healthy spread.

    `gains` multiplies the deviation of every tensor whose name matches the pattern: a family that scales embeddings or
    divides logits sets them so that its logits spread like the others'. Norms that match `large_norms` are about four:
    where a scaled embedding is the head, too, smaller sub-layers would leave each token its own most likely successor.
    """
    width = shape[-1]
    if large_norms is not None and re.search(large_norms, name):
        return Recipe(name, shape, 3, -5)
    if "norm" in name or re.search(r"\bln_(1|2|f)\.weight$", name):
        # A norm's bias has the base 0; its weight is one plus or minus one half, as the family stores it.
        if name.endswith(".bias"):
            return Recipe(name, shape, 0, -9)
        return Recipe(name, shape, norm_base, -7)
    if name.endswith((".bias", "_proj_bias")):
        return Recipe(name, shape, 0, -8)
    if name.endswith("e_score_correction_bias"):
        # Beside sigmoids of about 0.3 to 0.7: enough to change many choices, too little to make them all.
        return Recipe(name, shape, 0, -9)
    if re.search(r"embed_tokens|wte|lm_head", name):
        embedding_only = "lm_head" not in name and not tied
        deviation = 1.0 if embedding_only else 2.0 / np.sqrt(width)
    elif "wpe" in name:
        deviation = 0.4
    elif name.endswith("sinks"):
        # Beside scores of about -1 to 1, of which a few tokens' outweigh it and a single one's may not.
        deviation = 1.5
    elif re.search(r"c_attn|c_fc|c_proj", name) or len(shape) == 3:
        # Conv1D keeps [input, output], and so do gpt-oss's experts behind their number.
        deviation = 1.1 / np.sqrt(shape[-2])
    elif re.search(r"q_proj|k_proj|qkv_proj", name):
        deviation = 1.3 / np.sqrt(width)
    else:
        deviation = 1.1 / np.sqrt(width)
    for pattern, gain in gains.items():
        if re.search(pattern, name):
            deviation *= gain
    return Recipe(name, shape, 0, exponent_for(deviation))
