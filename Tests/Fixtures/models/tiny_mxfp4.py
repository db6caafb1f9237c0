"""A tiny model's folder with experts in MXFP4, as gpt-oss is released.

A tensor T of the model that holds all experts' matrices, [experts, columns, rows], becomes two of bytes, `T_blocks`
[experts, rows, columns / 32, 16] and `T_scales` [experts, rows, columns / 32]. A byte holds two neighbours, the first in
its low bits, each a sign and three bits of E2M1; they are multiplied by two to the power of the scale less 127.

Byte i of the blocks of model M is z >> 56 with the words of tiny_weights.py seeded by "M/T/mxfp4". The scale of row r
and block b, whichever the expert, is 127 + exponent + (r + 2 b) mod 3.
"""

from dataclasses import dataclass

import numpy as np
import torch

from tiny_weights import random_words

BLOCK = 32
BLOCK_BYTES = BLOCK // 2
EXPERTS = (".experts.gate_up_proj", ".experts.down_proj")
CONFIGURATION = {
    "quant_method": "mxfp4",
    "modules_to_not_convert": [
        "model.layers.*.self_attn",
        "model.layers.*.mlp.router",
        "model.embed_tokens",
        "lm_head",
    ],
}
VALUES = torch.tensor([0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, -0.0, -0.5, -1.0, -1.5, -2.0, -3.0, -4.0, -6.0])
# The root of the mean square of a random quant, times the mean of a scale's factor (1, 2 or 4).
DEVIATION = 2.93 * 2.33


@dataclass(frozen=True)
class MXFP4:
    model: str
    name: str
    # [experts, columns, rows]
    shape: tuple[int, int, int]
    # The deviation of the float weights that these stand for.
    deviation: float

    @property
    def exponent(self) -> int:
        return round(float(np.log2(self.deviation / DEVIATION)))

    @property
    def blocks(self) -> torch.Tensor:
        experts, columns, rows = self.shape
        assert columns % BLOCK == 0, (self.name, self.shape)
        words = random_words(f"{self.model}/{self.name}/mxfp4", experts * rows * columns // 2)
        codes = (words >> np.uint64(56)).astype(np.uint8)
        return torch.from_numpy(codes.reshape(experts, rows, columns // BLOCK, BLOCK_BYTES))

    @property
    def scales(self) -> torch.Tensor:
        experts, columns, rows = self.shape
        r, b = np.indices((rows, columns // BLOCK))
        scales = (127 + self.exponent + (r + 2 * b) % 3).astype(np.uint8)
        return torch.from_numpy(scales).expand(experts, -1, -1).contiguous()

    @property
    def dequantised(self) -> torch.Tensor:
        experts, columns, rows = self.shape
        blocks = self.blocks.long()
        values = torch.stack([VALUES[blocks & 15], VALUES[blocks >> 4]], dim=-1).flatten(-2)
        values = values * torch.exp2(self.scales.float() - 127)[..., None]
        return values.reshape(experts, rows, columns).transpose(1, 2).contiguous()

    @property
    def stored(self) -> dict[str, torch.Tensor]:
        return {self.name + "_blocks": self.blocks, self.name + "_scales": self.scales}

    def described(self) -> dict:
        return {"name": self.name, "shape": list(self.shape), "exponent": self.exponent}


def experts(model: str, weights: dict[str, torch.Tensor]) -> list[MXFP4]:
    return [
        MXFP4(model, name, tuple(tensor.shape), float(tensor.std()))
        for name, tensor in weights.items()
        if name.endswith(EXPERTS)
    ]
