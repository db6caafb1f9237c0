"""A tiny random model in the layout of the Hugging Face hub, written without any library of models.

One layer of Llama or Qwen 3 in F32 and a byte-level tokenizer without merges: just enough to be served.
"""

import json
import random
import struct

HIDDEN, HEADS, KV_HEADS, HEAD, INNER = 64, 4, 2, 16, 96
CONTROLS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}<|im_start|>assistant\n"
)


def byte_alphabet():
    """The printable character that stands for each byte in byte-level vocabularies."""
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = iter(range(0x100, 0x200))
    return [chr(byte if byte in plain else next(others)) for byte in range(256)]


def shapes(family):
    vocabulary = 256 + len(CONTROLS)
    layer = "model.layers.0."
    found = {
        "model.embed_tokens.weight": [vocabulary, HIDDEN],
        "model.norm.weight": [HIDDEN],
        "lm_head.weight": [vocabulary, HIDDEN],
        layer + "input_layernorm.weight": [HIDDEN],
        layer + "post_attention_layernorm.weight": [HIDDEN],
        layer + "self_attn.q_proj.weight": [HEADS * HEAD, HIDDEN],
        layer + "self_attn.k_proj.weight": [KV_HEADS * HEAD, HIDDEN],
        layer + "self_attn.v_proj.weight": [KV_HEADS * HEAD, HIDDEN],
        layer + "self_attn.o_proj.weight": [HIDDEN, HEADS * HEAD],
        layer + "mlp.gate_proj.weight": [INNER, HIDDEN],
        layer + "mlp.up_proj.weight": [INNER, HIDDEN],
        layer + "mlp.down_proj.weight": [HIDDEN, INNER],
    }
    if family == "qwen3":
        found |= {layer + f"self_attn.{name}_norm.weight": [HEAD] for name in "qk"}
    return found


def safetensors(tensors, source):
    """The bytes of a file: the length of the header, the header, the numbers."""
    header, data = {}, b""
    for name, shape in tensors.items():
        count = shape[0] * (shape[1] if len(shape) > 1 else 1)
        values = [1.0] * count if len(shape) == 1 else [source.gauss(0, 0.3) for _ in range(count)]
        begin = len(data)
        data += struct.pack(f"<{count}f", *values)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [begin, len(data)]}
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def write_large(folder, inner, layers, **changes):
    """A Llama of many weights, the same bytes again and again: fast to write, and slow to compute with."""
    write(folder, intermediate_size=inner, num_hidden_layers=layers, **changes)
    tensors = {}
    for name, shape in shapes("llama").items():
        shape = [inner if size == INNER else size for size in shape]
        names = [name.replace(".0.", f".{layer}.") for layer in range(layers)] if ".0." in name else [name]
        tensors |= dict.fromkeys(names, shape)
    source = random.Random(8)
    piece = struct.pack("<4096f", *(source.gauss(0, 0.3) for _ in range(4096)))
    header, end = {}, 0
    for name, shape in tensors.items():
        count = 4 * shape[0] * (shape[1] if len(shape) > 1 else 1)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [end, end + count]}
        end += count
    text = json.dumps(header).encode()
    with open(folder / "model.safetensors", "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for start in range(0, end, len(piece)):
            file.write(piece[: end - start])
    return folder


def write(folder, family="llama", template=TEMPLATE, controls=CONTROLS, **changes):
    """Writes the folder. The last of the three `controls` is the end token.

    `changes` are keys of `config.json`, where None takes a key out."""
    folder.mkdir()
    configuration = {
        "architectures": [{"llama": "LlamaForCausalLM", "qwen3": "Qwen3ForCausalLM"}[family]],
        "model_type": family, "hidden_size": HIDDEN, "intermediate_size": INNER, "num_hidden_layers": 1,
        "num_attention_heads": HEADS, "num_key_value_heads": KV_HEADS, "head_dim": HEAD, "rms_norm_eps": 1e-5,
        "rope_theta": 10000.0, "max_position_embeddings": 512, "vocab_size": 256 + len(CONTROLS),
        "tie_word_embeddings": False, "hidden_act": "silu", "torch_dtype": "float32",
        "bos_token_id": 256, "eos_token_id": 258,
    }  # fmt: skip
    configuration |= changes
    configuration = {key: value for key, value in configuration.items() if value is not None}
    added = [
        {"id": 256 + index, "content": text, "special": True, "normalized": False, "lstrip": False, "rstrip": False,
         "single_word": False}
        for index, text in enumerate(controls)
    ]  # fmt: skip
    tokenizer = {
        "version": "1.0", "added_tokens": added, "normalizer": None,
        "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True},
        "post_processor": None, "decoder": {"type": "ByteLevel"},
        "model": {"type": "BPE", "vocab": {text: id for id, text in enumerate(byte_alphabet())}, "merges": []},
    }  # fmt: skip
    (folder / "config.json").write_text(json.dumps(configuration))
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))
    (folder / "tokenizer_config.json").write_text(json.dumps({"eos_token": controls[-1]}))
    (folder / "model.safetensors").write_bytes(safetensors(shapes(family), random.Random(7)))
    if template:
        (folder / "chat_template.jinja").write_text(template)
    return folder
