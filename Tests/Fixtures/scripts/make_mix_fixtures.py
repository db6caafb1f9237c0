#!/usr/bin/env python3
"""Writes which type llama-quantize gives to each tensor of models made for it.

    python make_mix_fixtures.py LLAMA_QUANTIZE [FIXTURES]    (FIXTURES: the Tests/Fixtures folder)

Needs: gguf, numpy. Writes quantisation-mixes.json, a list of models:

    architecture, layers, heads, cacheHeads, experts    as in the file's metadata
    columns   by tensor, of those that may be rounded
    types     by mix, the type of each of these tensors, in the order of their names
"""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from gguf import GGUFWriter

MIXES = ["Q8_0", "Q6_K", "Q5_K_M", "Q5_K_S", "Q4_K_M", "Q4_K_S", "Q4_0"]
TOKENS = 64
MODELS = {
    "plain": {"layers": 10},
    "tied": {"layers": 9, "tied": True},
    "deep": {"layers": 32},
    "large": {"layers": 80, "heads": 8, "cache_heads": 1},
    "mixtral": {"layers": 10, "experts": 8},
    "few experts": {"layers": 10, "experts": 4},
    "many experts": {"layers": 10, "experts": 16, "architecture": "qwen3moe"},
    "shared expert": {"layers": 10, "experts": 8, "architecture": "qwen2moe", "shared": True},
    "fused": {"layers": 10, "architecture": "phi3", "fused": True},
    "blocks of 32": {"layers": 10, "columns": 192, "inner": 384},
    "no blocks": {"layers": 10, "columns": 200, "inner": 256},
}


def write(
    path: Path, layers: int, architecture: str = "llama", heads: int = 4, cache_heads: int = 2, experts: int = 0,
    columns: int = 256, inner: int = 512, tied: bool = False, fused: bool = False, shared: bool = False,
) -> dict[str, int]:  # fmt: skip
    writer = GGUFWriter(path, architecture)
    writer.add_context_length(512)
    writer.add_embedding_length(columns)
    writer.add_block_count(layers)
    writer.add_feed_forward_length(inner)
    writer.add_head_count(heads)
    writer.add_head_count_kv(cache_heads)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(columns // heads)
    if experts:
        writer.add_expert_count(experts)
        writer.add_expert_used_count(2)
        writer.add_expert_feed_forward_length(inner)
    if shared:
        writer.add_expert_shared_feed_forward_length(inner)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("llama-bpe")
    writer.add_token_list([chr(33 + index) for index in range(TOKENS)])
    writer.add_token_types([1] * TOKENS)
    writer.add_token_merges(['! "'])
    head = columns // heads
    keys = cache_heads * head
    matrices = {"token_embd": (TOKENS, columns)} | ({} if tied else {"output": (TOKENS, columns)})
    vectors = {"output_norm": columns}
    for layer in range(layers):
        block = f"blk.{layer}."
        vectors |= {block + "attn_norm": columns, block + "ffn_norm": columns}
        if fused:
            matrices[block + "attn_qkv"] = (columns + 2 * keys, columns)
        else:
            matrices |= {block + "attn_q": (columns, columns)}
            matrices |= {block + f"attn_{name}": (keys, columns) for name in "kv"}
        matrices[block + "attn_output"] = (columns, columns)
        stack, ending = ((experts,), "_exps") if experts else ((), "")
        matrices |= {block + f"ffn_{name}{ending}": (*stack, inner, columns) for name in ("gate", "up")}
        matrices[block + "ffn_down" + ending] = (*stack, columns, inner)
        if experts:
            matrices[block + "ffn_gate_inp"] = (experts, columns)
        if shared:
            matrices |= {block + f"ffn_{name}_shexp": (inner, columns) for name in ("gate", "up")}
            matrices[block + "ffn_down_shexp"] = (columns, inner)
            vectors[block + "ffn_gate_inp_shexp"] = columns
    for name, size in vectors.items():
        writer.add_tensor(name + ".weight", np.zeros(size, np.float32))
    for name, shape in matrices.items():
        writer.add_tensor(name + ".weight", np.zeros(shape, np.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return {name + ".weight": shape[-1] for name, shape in matrices.items() if "ffn_gate_inp" not in name}


def types(program: str, path: Path, mix: str) -> dict[str, str]:
    done = subprocess.run([program, "--dry-run", path, mix], capture_output=True, text=True, check=True)
    found = {}
    for line in (done.stdout + done.stderr).splitlines():
        if match := re.match(r"\[ *\d+/ *\d+\] +(\S+) .*type = *(\w+),(.*)", line):
            new = re.search(r"-> .*\((\w+)\)", match[3])
            found[match[1]] = (new[1] if new else match[2]).upper()
    return found


def main() -> None:
    here = Path(__file__).resolve().parents[1]
    folder = Path(sys.argv[2]) if len(sys.argv) > 2 else here
    models = []
    with tempfile.TemporaryDirectory() as temporary:
        for name, options in MODELS.items():
            path = Path(temporary) / "model.gguf"
            columns = dict(sorted(write(path, **options).items()))
            found = {mix: types(sys.argv[1], path, mix) for mix in MIXES}
            models.append(
                {
                    "name": name,
                    "architecture": options.get("architecture", "llama"),
                    "layers": options["layers"],
                    "heads": options.get("heads", 4),
                    "cacheHeads": options.get("cache_heads", 2),
                    "experts": options.get("experts", 0),
                    "columns": columns,
                    "types": {mix.lower(): " ".join(found[mix][tensor] for tensor in columns) for mix in MIXES},
                }
            )
    (folder / "quantisation-mixes.json").write_text(json.dumps(models, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
