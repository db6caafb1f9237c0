#!/usr/bin/env python3
"""Writes the logits of tiny-llama-f32 under scaled rotary positions, computed by a Llama in NumPy.

    python make_rotary_oracle.py [FIXTURES]

FIXTURES is the Tests/Fixtures folder, by default the one above this script; make_tiny_llama.py has filled it. Needs:
gguf, numpy. Writes oracle/tiny-llama-f32-NAME.logits.bin and .json for

    linear      position / 4, which is llama.rope.scaling.type "linear" with the factor 4
    divisors    the frequency of pair i divided by (1 + i / 2), which is a tensor rope_freqs.weight

Position p turns pair i of a head by p / factor * base ** (-2 i / dimensions) / divisor[i] (Su et al., "RoFormer"; the
factor: Chen et al., "Extending Context Window of Large Language Models via Positional Interpolation"; the divisors: as
llama.cpp applies rope_freqs.weight). Everything is computed in float64. Without scaling the result is compared with the
logits that transformers gave, which shows that this Llama is one.
"""

import json
import sys
from pathlib import Path

import numpy as np
from gguf import GGUFReader, quants

MODEL = "tiny-llama-f32"
# The scaled angles must not be the plain ones within rounding, and transformers' angles are float32.
PLAIN_TOLERANCE = 1e-4


class Llama:
    def __init__(self, path: Path):
        reader = GGUFReader(path)

        def value(key: str):
            return reader.get_field("llama." + key).contents()

        self.layers = value("block_count")
        self.heads, self.kv_heads = value("attention.head_count"), value("attention.head_count_kv")
        self.dimensions = value("rope.dimension_count")
        self.base = value("rope.freq_base")
        self.epsilon = float(str(np.float32(value("attention.layer_norm_rms_epsilon"))))
        self.weights = {
            tensor.name: quants.dequantize(tensor.data, tensor.tensor_type).astype(np.float64)
            for tensor in reader.tensors
        }

    def norm(self, x: np.ndarray, name: str) -> np.ndarray:
        return x / np.sqrt((x * x).mean(-1, keepdims=True) + self.epsilon) * self.weights[name + ".weight"]

    def project(self, x: np.ndarray, name: str) -> np.ndarray:
        return x @ self.weights[name + ".weight"].T

    def logits(self, ids: list[int], factor: float, divisors: np.ndarray) -> np.ndarray:
        count = len(ids)
        pairs = np.arange(self.dimensions // 2)
        frequencies = self.base ** (-2 * pairs / self.dimensions) / divisors
        # [tokens, 1, pairs]: one turn for all heads, as a complex number.
        turns = np.exp(1j * np.outer(np.arange(count) / factor, frequencies))[:, None, :]

        def rotated(x: np.ndarray, heads: int) -> np.ndarray:
            x = x.reshape(count, heads, -1)
            # Neighbours form a pair in a GGUF file.
            turned = (x[..., 0::2] + 1j * x[..., 1::2]) * turns
            return np.stack([turned.real, turned.imag], -1).reshape(x.shape)

        hidden = self.weights["token_embd.weight"][ids]
        future = np.triu(np.full((count, count), -np.inf), 1)
        for layer in range(self.layers):
            block = f"blk.{layer}."
            x = self.norm(hidden, block + "attn_norm")
            query = rotated(self.project(x, block + "attn_q"), self.heads)
            key = rotated(self.project(x, block + "attn_k"), self.kv_heads)
            value = self.project(x, block + "attn_v").reshape(count, self.kv_heads, -1)
            key, value = (np.repeat(part, self.heads // self.kv_heads, 1) for part in (key, value))
            scores = np.einsum("qhd,khd->hqk", query, key) / np.sqrt(query.shape[-1]) + future
            scores = np.exp(scores - scores.max(-1, keepdims=True))
            scores /= scores.sum(-1, keepdims=True)
            attended = np.einsum("hqk,khd->qhd", scores, value).reshape(count, -1)
            hidden = hidden + self.project(attended, block + "attn_output")
            x = self.norm(hidden, block + "ffn_norm")
            gate = self.project(x, block + "ffn_gate")
            hidden = hidden + self.project(
                gate / (1 + np.exp(-gate)) * self.project(x, block + "ffn_up"), block + "ffn_down"
            )
        return self.project(self.norm(hidden, "output_norm"), "output")


def main() -> None:
    fixtures = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent
    oracle = fixtures / "oracle"
    model = Llama(fixtures / "models" / f"{MODEL}.gguf")
    plain = json.loads((oracle / f"{MODEL}.json").read_text(encoding="utf-8"))
    ids = plain["token_ids"]
    ones = np.ones(model.dimensions // 2)
    known = np.fromfile(oracle / plain["logits_file"], "<f4").reshape(plain["shape"])
    error = np.abs(model.logits(ids, 1, ones) - known).max()
    assert error < PLAIN_TOLERANCE, f"this Llama differs from transformers by {error}"
    variants = {"linear": (4, ones), "divisors": (1, 1 + np.arange(model.dimensions // 2) / 2)}
    for name, (factor, divisors) in variants.items():
        logits = model.logits(ids, factor, divisors)
        file = f"{MODEL}-{name}.logits.bin"
        logits.astype("<f4").tofile(oracle / file)
        record = {
            "model": f"{MODEL}.gguf", "token_ids": ids, "shape": list(logits.shape), "logits_file": file,
            "factor": factor, "divisors": divisors.tolist(),
        }  # fmt: skip
        lines = ",\n".join(f'"{key}": {json.dumps(value)}' for key, value in record.items())
        (oracle / f"{MODEL}-{name}.json").write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")
        print(f"{name}: plain within {error:.1e}, moves logits by {np.sqrt(np.mean((logits - known) ** 2)):.3f}")


if __name__ == "__main__":
    main()
