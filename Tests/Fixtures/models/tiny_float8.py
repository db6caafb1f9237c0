"""A tiny model's folder with F8_E4M3 projections, in the three ways in which folders scale them.

    blocks    fp8 with weight_block_size: `weight_scale_inv`, float32, one for each block of 128 x 128
    tensor    fp8 without block size: `weight_scale_inv`, one BF16 scalar, beside an `activation_scale` for inputs
    rows      compressed-tensors, float-quantized by channel: `weight_scale`, BF16, [rows, 1]

Byte i of a weight T of model M is z >> 56 with the words of tiny_weights.py seeded by "M/T/f8", less one where it would
be NaN (0x7F, 0xFF). The scale of block (or row) r and block column c is (8 + (5 r + 3 c) mod 8) * 2 ** exponent. A
dequantised weight has at most eight significant bits and is exact in BF16. Shapes are multiples of 128: for others
transformers divides the shape by the scales' shape and finds other blocks than the configuration says.
"""

from dataclasses import dataclass

import numpy as np
import torch

from tiny_weights import random_words

BLOCK = 128
PROJECTION = "_proj.weight"
# The deviation of a random byte's value as E4M3, times the mean of a scale's integer factor (8 to 15).
BYTE_DEVIATION = 107.5 * 11.5
# More than other weights have: the values of random bytes are mostly small.
DEVIATION = 1.7
ACTIVATION_SCALE = 0.03125

CONFIGURATIONS = {
    "blocks": {
        "quant_method": "fp8",
        "fmt": "e4m3",
        "activation_scheme": "dynamic",
        "weight_block_size": [BLOCK, BLOCK],
    },
    "tensor": {
        "quant_method": "fp8",
        "activation_scheme": "static",
        "dequantize": False,
        "weight_block_size": None,
        "modules_to_not_convert": ["model.vision_tower", "model.multi_modal_projector", "lm_head"],
    },
    "rows": {
        "quant_method": "compressed-tensors",
        "format": "float-quantized",
        "quantization_status": "compressed",
        "ignore": ["lm_head"],
        "config_groups": {
            "group_0": {
                "targets": ["Linear"],
                "weights": {"num_bits": 8, "type": "float", "strategy": "channel", "symmetric": True, "dynamic": False},
                "input_activations": {"num_bits": 8, "type": "float", "strategy": "token", "dynamic": True},
            }
        },
    },
}


@dataclass(frozen=True)
class Float8:
    model: str
    name: str
    shape: tuple[int, int]
    way: str

    @property
    def exponent(self) -> int:
        return round(float(np.log2(DEVIATION / np.sqrt(self.shape[1]) / BYTE_DEVIATION)))

    @property
    def scale_name(self) -> str:
        suffix = "weight_scale" if self.way == "rows" else "weight_scale_inv"
        return self.name.removesuffix("weight") + suffix

    @property
    def scales(self) -> torch.Tensor:
        rows, columns = self.shape
        assert self.way != "blocks" or rows % BLOCK == columns % BLOCK == 0, (self.name, self.shape)
        counts = {"blocks": (rows // BLOCK, columns // BLOCK), "tensor": (1, 1), "rows": (rows, 1)}[self.way]
        r, c = np.indices(counts)
        values = torch.from_numpy((8 + (5 * r + 3 * c) % 8) * 2.0**self.exponent).float()
        values = values.reshape(()) if self.way == "tensor" else values
        return values if self.way == "blocks" else values.bfloat16()

    @property
    def weight(self) -> torch.Tensor:
        words = random_words(f"{self.model}/{self.name}/f8", int(np.prod(self.shape)))
        codes = (words >> np.uint64(56)).astype(np.uint8)
        codes -= (codes & 0x7F == 0x7F).astype(np.uint8)
        return torch.from_numpy(codes.reshape(self.shape)).view(torch.float8_e4m3fn)

    @property
    def dequantised(self) -> torch.Tensor:
        scales = self.scales.float()
        if self.way == "blocks":
            scales = scales.repeat_interleave(BLOCK, 0).repeat_interleave(BLOCK, 1)
        return self.weight.float() * scales

    @property
    def stored(self) -> dict[str, torch.Tensor]:
        tensors = {self.name: self.weight, self.scale_name: self.scales}
        if self.way == "tensor":
            tensors[self.name.removesuffix("weight") + "activation_scale"] = torch.tensor(ACTIVATION_SCALE).bfloat16()
        return tensors

    def described(self) -> dict:
        scales = self.scales
        return {
            "name": self.name,
            "shape": list(self.shape),
            "scale": self.scale_name,
            "scale_shape": list(scales.shape),
            "scale_type": "F32" if self.way == "blocks" else "BF16",
            "exponent": self.exponent,
        }


def projections(model: str, way: str, weights: dict[str, torch.Tensor]) -> list[Float8]:
    return [
        Float8(model, name, tuple(tensor.shape), way) for name, tensor in weights.items() if name.endswith(PROJECTION)
    ]
