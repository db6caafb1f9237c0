#!/usr/bin/env python3
"""Writes the tiny Llama models and the logits an independent implementation computes from them.

    python make_tiny_llama.py [--llama-quantize PROGRAM] [FIXTURES]

FIXTURES is the Tests/Fixtures folder, by default the one above this script. The gguf package cannot write the K
formats; PROGRAM, llama.cpp's llama-quantize, does (LD_LIBRARY_PATH must lead it to its libraries). Without it the
variants in those formats are left as they are.

Needs: torch, transformers, gguf, numpy, tokenizers. For every variant it writes

    models/NAME.gguf            GGUF v3, random weights from a fixed seed, a byte-level BPE tokenizer, a ChatML template
    oracle/NAME.logits.bin      float32, little-endian, [tokens, vocab], row-major
    oracle/NAME.json            token ids, shape, argmax and configuration (see `write_oracle`)

The logits come from transformers' LlamaForCausalLM in float64 (its norms, softmax and rotary angles stay in float32).
Its weights are read back from the written file and dequantised there, so that the two sides start from the same
numbers and only the arithmetic differs.
"""

import argparse
import dataclasses
import json
import subprocess
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import gguf
import numpy as np
import torch
from gguf import GGMLQuantizationType as Q
from gguf import GGUFReader, GGUFWriter, quants
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM

PROMPT_TOKENS = 40
CONTROL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
CHAT_TEMPLATE = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' "
    "+ '\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
MERGE_TEXT = (
    "the tide came in over the sand and then the wind turned and the boats in the harbour began to rock. "
    "a user asks and the assistant answers, one short line at a time, and the system listens to them both. "
    "there is a light on the hill at the end of the road, and when the rain is over one can see it from the station."
)
PROMPT_TEXT = (
    "<|im_start|>user\nWhere is the light, and who sees it at night? Count to 42.<|im_end|>\n<|im_start|>assistant\n"
    "The light is on the hill."
)


@dataclass
class Variant:
    """One model file: its shape, its tensor types, and which optional metadata it leaves out."""

    name: str
    seed: int
    matrices: Q
    embedding: Q
    output: Q | None  # None: the output matrix is the embedding
    layers: int = 2
    width: int = 64
    heads: int = 4
    kv_heads: int = 2
    head_dim: int = 16
    ff: int = 96
    vocab: int = 320
    rope_base: float = 10000.0
    writes_rope_base: bool = True
    rope_scaling: str | None = None  # the text of llama.rope.scaling.type, None: the key is absent
    eps: float = 1e-5
    context: int = 512


CONFIG_KEYS = ["layers", "width", "heads", "kv_heads", "head_dim", "ff", "vocab", "rope_base", "eps", "context"]
VARIANTS = [
    Variant("tiny-llama-f32", 1, Q.F32, Q.F32, Q.F32, ff=80, rope_scaling="none"),
    Variant("tiny-llama-f16", 2, Q.F16, Q.F16, Q.F16, writes_rope_base=False),
    Variant("tiny-llama-bf16", 3, Q.BF16, Q.BF16, Q.BF16),
    Variant("tiny-llama-q8_0", 4, Q.Q8_0, Q.Q8_0, Q.Q8_0),
    Variant("tiny-llama-q4_0", 5, Q.Q4_0, Q.Q4_0, Q.Q8_0),
    Variant("tiny-llama-q4_1", 6, Q.Q4_1, Q.Q8_0, None),
    # Heads wider than width / heads, one KV head, and row counts that are no multiple of 16.
    Variant(
        "tiny-llama-headdim", 7, Q.Q8_0, Q.Q8_0, None,
        layers=3, heads=4, kv_heads=1, head_dim=24, vocab=325, rope_base=50000.0,
    ),
    Variant("tiny-llama-q5_0", 8, Q.Q5_0, Q.Q5_0, Q.Q5_0),
    Variant("tiny-llama-q5_1", 9, Q.Q5_1, Q.Q5_1, None, vocab=325),
    # K formats have blocks of 256, so every row is at least that long; one layer keeps the files small. Rows of two
    # blocks: in Q4_K those of ffn_down, in Q5_K those of attn_output.
    Variant(
        "tiny-llama-q4_k", 10, Q.Q4_K, Q.Q4_K, None,
        layers=1, width=256, heads=8, kv_heads=2, head_dim=32, ff=512, vocab=325,
    ),
    Variant(
        "tiny-llama-q5_k", 11, Q.Q5_K, Q.Q5_K, None,
        layers=1, width=256, heads=16, kv_heads=1, head_dim=32, ff=256,
    ),
    Variant(
        "tiny-llama-q6_k", 12, Q.Q6_K, Q.Q6_K, None,
        layers=1, width=256, heads=8, kv_heads=2, head_dim=32, ff=256, vocab=325,
    ),
]
FLOAT_TYPES = (Q.F32, Q.F16, Q.BF16)
# What llama-quantize calls the formats that only it can write.
K_NAMES = {Q.Q4_K: "Q4_K_S", Q.Q5_K: "Q5_K_S", Q.Q6_K: "Q6_K"}


# Tokenizer


def byte_alphabet() -> list[str]:
    """The GPT-2 alphabet: printable Latin-1 bytes stand for themselves, the others for U+0100 onward."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [b for b in range(256) if b not in printable]
    letter = {b: chr(b) for b in printable} | {b: chr(256 + n) for n, b in enumerate(others)}
    return [letter[b] for b in range(256)]


def pre_tokenizer():
    """What llama.cpp calls `smollm`: single digits, then the GPT-2 pattern."""
    return pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )


def train_merges(text: str, count: int) -> list[tuple[str, str]]:
    """Byte-pair encoding by its definition; ties go to the smaller pair, so that the result is always the same."""
    words = [list(piece) for piece, _ in pre_tokenizer().pre_tokenize_str(text)]
    merges: list[tuple[str, str]] = []
    while len(merges) < count:
        pairs = Counter(pair for word in words for pair in zip(word, word[1:]))
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        merges.append(best)
        for word in words:
            at = 0
            while at + 1 < len(word):
                if (word[at], word[at + 1]) == best:
                    word[at : at + 2] = ["".join(best)]
                at += 1
    return merges


def vocabulary(size: int) -> tuple[list[str], list[tuple[str, str]]]:
    merges = train_merges(MERGE_TEXT, size - 256 - len(CONTROL))
    tokens = CONTROL + byte_alphabet() + ["".join(pair) for pair in merges]
    assert len(tokens) == len(set(tokens)) == size
    return tokens, merges


def tokenizer(tokens: list[str], merges: list[tuple[str, str]]) -> Tokenizer:
    result = Tokenizer(models.BPE(vocab={token: id for id, token in enumerate(tokens)}, merges=merges))
    result.pre_tokenizer = pre_tokenizer()
    result.decoder = decoders.ByteLevel()
    result.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in CONTROL])
    return result


# Weights


def random_weights(v: Variant) -> dict[str, np.ndarray]:
    """Weights in the layout of the file: [output, input], scaled so that the logits spread by 2 to 4."""
    rng = np.random.default_rng(v.seed)

    def matrix(rows: int, columns: int, gain: float) -> np.ndarray:
        return (rng.standard_normal((rows, columns)) * gain / np.sqrt(columns)).astype(np.float32)

    def norm() -> np.ndarray:
        return (1 + 0.2 * rng.standard_normal(v.width)).astype(np.float32)

    # A tied embedding is also the output matrix: it sets the logits' spread, and the blocks must outweigh it in the
    # residual stream, or each token would mostly predict itself.
    weights = {"token_embd.weight": matrix(v.vocab, v.width, 2.5 if v.output is None else np.sqrt(v.width))}
    for layer in range(v.layers):
        block = f"blk.{layer}."
        weights |= {
            block + "attn_norm.weight": norm(),
            block + "attn_q.weight": matrix(v.heads * v.head_dim, v.width, 1.5),
            block + "attn_k.weight": matrix(v.kv_heads * v.head_dim, v.width, 1.5),
            block + "attn_v.weight": matrix(v.kv_heads * v.head_dim, v.width, 1.5),
            block + "attn_output.weight": matrix(v.width, v.heads * v.head_dim, 1.5),
            block + "ffn_norm.weight": norm(),
            block + "ffn_gate.weight": matrix(v.ff, v.width, 1.5),
            block + "ffn_up.weight": matrix(v.ff, v.width, 1.5),
            block + "ffn_down.weight": matrix(v.width, v.ff, 1.5),
        }
    weights["output_norm.weight"] = norm()
    if v.output is not None:
        weights["output.weight"] = matrix(v.vocab, v.width, 2.5)
    return weights


def tensor_type(v: Variant, name: str, dimensions: int) -> Q:
    if dimensions == 1:
        return Q.F32
    if name == "token_embd.weight":
        return v.embedding
    if name == "output.weight" and v.output is not None:
        return v.output
    return v.matrices


def write_model(path: Path, v: Variant, tokens: list[str], merges: list[tuple[str, str]]) -> None:
    file_type = {
        Q.F32: gguf.LlamaFileType.ALL_F32,
        Q.F16: gguf.LlamaFileType.MOSTLY_F16,
        Q.BF16: gguf.LlamaFileType.MOSTLY_BF16,
        Q.Q8_0: gguf.LlamaFileType.MOSTLY_Q8_0,
        Q.Q4_0: gguf.LlamaFileType.MOSTLY_Q4_0,
        Q.Q4_1: gguf.LlamaFileType.MOSTLY_Q4_1,
        Q.Q5_0: gguf.LlamaFileType.MOSTLY_Q5_0,
        Q.Q5_1: gguf.LlamaFileType.MOSTLY_Q5_1,
    }[v.matrices]
    writer = GGUFWriter(path, "llama")
    writer.add_type("model")
    writer.add_name(v.name)
    writer.add_file_type(file_type)
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    writer.add_block_count(v.layers)
    writer.add_context_length(v.context)
    writer.add_embedding_length(v.width)
    writer.add_feed_forward_length(v.ff)
    writer.add_head_count(v.heads)
    writer.add_head_count_kv(v.kv_heads)
    writer.add_layer_norm_rms_eps(v.eps)
    writer.add_vocab_size(v.vocab)
    writer.add_rope_dimension_count(v.head_dim)
    if v.writes_rope_base:
        writer.add_rope_freq_base(v.rope_base)
    if v.rope_scaling is not None:
        writer.add_string("llama.rope.scaling.type", v.rope_scaling)
    if v.head_dim * v.heads != v.width:
        writer.add_key_length(v.head_dim)
        writer.add_value_length(v.head_dim)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list(tokens)
    control, normal = gguf.TokenType.CONTROL, gguf.TokenType.NORMAL
    writer.add_token_types([control if token in CONTROL else normal for token in tokens])
    writer.add_token_merges([" ".join(pair) for pair in merges])
    writer.add_bos_token_id(tokens.index("<|im_start|>"))
    writer.add_eos_token_id(tokens.index("<|im_end|>"))
    writer.add_unk_token_id(tokens.index("<|endoftext|>"))
    writer.add_pad_token_id(tokens.index("<|im_end|>"))
    writer.add_add_bos_token(False)
    writer.add_add_space_prefix(False)
    writer.add_chat_template(CHAT_TEMPLATE)
    for name, data in random_weights(v).items():
        kind = tensor_type(v, name, data.ndim)
        writer.add_tensor(name, quants.quantize(data, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def write_k_model(path: Path, v: Variant, tokens: list[str], merges: list[tuple[str, str]], program: Path) -> None:
    """The variant's float32 model, put into its K format by llama-quantize: every matrix, the embedding too."""
    assert v.embedding == v.matrices and v.output in (v.matrices, None)
    as_float = dataclasses.replace(v, matrices=Q.F32, embedding=Q.F32, output=v.output and Q.F32)
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / path.name
        write_model(source, as_float, tokens, merges)
        command = [program, "--pure", source, path, K_NAMES[v.matrices], "1"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def check_types(path: Path, v: Variant) -> None:
    tensors = GGUFReader(path).tensors
    assert {tensor.name for tensor in tensors} == random_weights(v).keys()
    for tensor in tensors:
        wanted = tensor_type(v, tensor.name, len(tensor.shape))
        assert tensor.tensor_type == wanted, f"{path}: {tensor.name} is {tensor.tensor_type.name}, not {wanted.name}"


# Oracle


def rotate_half_rows(weight: np.ndarray, heads: int) -> np.ndarray:
    """Undoes the row order of attn_q and attn_k in the file.

    The file rotates neighbours (2i, 2i + 1); transformers rotates (i, i + head_dim / 2).
    """
    rows, columns = weight.shape
    return weight.reshape(heads, rows // heads // 2, 2, columns).swapaxes(1, 2).reshape(rows, columns)


HF_NAMES = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}


def load_reference(path: Path, dtype: torch.dtype) -> LlamaForCausalLM:
    """transformers' Llama with the configuration and the dequantised weights of a GGUF file."""
    reader = GGUFReader(path)

    def value(key: str, default=None):
        field = reader.get_field("llama." + key)
        if field is None and default is None:
            raise KeyError(f"{path} lacks llama.{key}")
        return default if field is None else field.contents()

    heads, kv_heads = value("attention.head_count"), value("attention.head_count_kv")
    width = value("embedding_length")
    weights = {tensor.name: quants.dequantize(tensor.data, tensor.tensor_type) for tensor in reader.tensors}
    config = LlamaConfig(
        vocab_size=len(weights["token_embd.weight"]),
        hidden_size=width,
        intermediate_size=value("feed_forward_length"),
        num_hidden_layers=value("block_count"),
        num_attention_heads=heads,
        num_key_value_heads=kv_heads,
        head_dim=value("attention.key_length", width // heads),
        max_position_embeddings=value("context_length"),
        # The shortest decimal of the stored float32, so that 1e-5 is 1e-5 in every precision.
        rms_norm_eps=float(str(np.float32(value("attention.layer_norm_rms_epsilon")))),
        rope_parameters={"rope_type": "default", "rope_theta": value("rope.freq_base", 10000.0)},
        tie_word_embeddings="output.weight" not in weights,
        attn_implementation="eager",
    )
    state = {}
    for name, data in weights.items():
        match name.split("."):
            case ["token_embd", _]:
                key = "model.embed_tokens.weight"
            case ["output_norm", _]:
                key = "model.norm.weight"
            case ["output", _]:
                key = "lm_head.weight"
            case ["blk", layer, part, _]:
                key = f"model.layers.{layer}.{HF_NAMES[part]}.weight"
                if part in ("attn_q", "attn_k"):
                    data = rotate_half_rows(data, heads if part == "attn_q" else kv_heads)
            case _:
                raise ValueError(f"{path}: unexpected tensor {name}")
        state[key] = torch.from_numpy(np.array(data)).to(dtype)
    if config.tie_word_embeddings:
        state["lm_head.weight"] = state["model.embed_tokens.weight"]
    model = LlamaForCausalLM(config).to(dtype).eval()
    model.load_state_dict(state, strict=True)
    return model


def round_activations(module: torch.nn.Module, inputs: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
    """A forward pre-hook: rounds a linear layer's input to int8 in blocks of 32, one scale a block."""
    blocks = inputs[0].unflatten(-1, (-1, 32))
    scale = blocks.abs().amax(-1, keepdim=True) / 127
    rounded = torch.where(scale > 0, (blocks / scale).round() * scale, blocks)
    return (rounded.flatten(-2), *inputs[1:])


def logits_with_int8_activations(model: LlamaForCausalLM, ids: torch.Tensor) -> torch.Tensor:
    """How far int8 activations alone move the logits: the measure of an engine that rounds them."""
    linears = [module for module in model.modules() if isinstance(module, torch.nn.Linear)]
    hooks = [linear.register_forward_pre_hook(round_activations) for linear in linears]
    logits = model(ids).logits[0]
    for hook in hooks:
        hook.remove()
    return logits


def write_oracle(folder: Path, path: Path, v: Variant, ids: list[int], text: str) -> None:
    model = load_reference(path, torch.float64)
    with torch.no_grad():
        logits = model(torch.tensor([ids])).logits[0]
        record = {
            "model": path.name,
            "text": text,
            "token_ids": ids,
            "shape": list(logits.shape),
            "logits_file": f"{v.name}.logits.bin",
            "logits_std": round(logits.std().item(), 4),
            "argmax": logits.argmax(-1).tolist(),
            "config": {key: getattr(v, key) for key in CONFIG_KEYS},
            "tensor_types": {
                "matrices": v.matrices.name,
                "token_embd": v.embedding.name,
                "output": v.output.name if v.output is not None else "tied",
            },
        }
        if v.matrices not in FLOAT_TYPES:
            error = logits_with_int8_activations(model, torch.tensor([ids])) - logits
            record["int8_activation_error"] = {
                "max": round(error.abs().max().item(), 5),
                "rms": round(error.square().mean().sqrt().item(), 5),
            }
    logits.numpy().astype("<f4").tofile(folder / record["logits_file"])
    lines = ",\n".join(f'"{key}": {json.dumps(value, ensure_ascii=False)}' for key, value in record.items())
    (folder / f"{v.name}.json").write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")
    gaps = logits.topk(2).values
    print(
        f"{path.name}: {path.stat().st_size} bytes, logits std {record['logits_std']}, "
        f"distinct argmax {len(set(record['argmax']))}, least gap {(gaps[:, 0] - gaps[:, 1]).min():.3f}, "
        f"int8 {record.get('int8_activation_error')}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Writes the tiny Llama models and their oracles.")
    parser.add_argument("--llama-quantize", type=Path, metavar="PROGRAM", help="llama.cpp's, for the K formats")
    parser.add_argument("fixtures", type=Path, nargs="?", default=Path(__file__).resolve().parent.parent)
    arguments = parser.parse_args()
    for folder in ("models", "oracle"):
        (arguments.fixtures / folder).mkdir(parents=True, exist_ok=True)
    for v in VARIANTS:
        if v.matrices in K_NAMES and arguments.llama_quantize is None:
            print(f"{v.name}: left as it is, for want of --llama-quantize")
            continue
        tokens, merges = vocabulary(v.vocab)
        encoder = tokenizer(tokens, merges)
        ids = encoder.encode(PROMPT_TEXT).ids[:PROMPT_TOKENS]
        text = encoder.decode(ids, skip_special_tokens=False)
        assert len(ids) == PROMPT_TOKENS and PROMPT_TEXT.startswith(text) and encoder.encode(text).ids == ids
        path = arguments.fixtures / "models" / f"{v.name}.gguf"
        if v.matrices in K_NAMES:
            write_k_model(path, v, tokens, merges, arguments.llama_quantize.resolve())
        else:
            write_model(path, v, tokens, merges)
        check_types(path, v)
        write_oracle(arguments.fixtures / "oracle", path, v, ids, text)


if __name__ == "__main__":
    main()
