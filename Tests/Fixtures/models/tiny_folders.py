"""Writes a tiny model as a Hugging Face folder, in the spelling of transformers 5 and in the one before it."""

import copy
import json
from pathlib import Path

import torch
import transformers
from safetensors.torch import save_file

from tiny_experts import Stack, computed, stored
from tiny_families import VOCABULARY, Tiny
from tiny_tokenizers import special_ids
from tiny_weights import Recipe, recipe

# The vision tower of a wrapping model: present in the folder, of no use to text.
VISION = {
    "Gemma3ForConditionalGeneration": dict(
        model_type="siglip_vision_model",
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        image_size=28,
        patch_size=14,
    ),
    "Mistral3ForConditionalGeneration": dict(
        model_type="pixtral",
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        head_dim=8,
        image_size=28,
        patch_size=14,
    ),
}
# A rule for tensor names: the beginning of the text model's own name, and what stands in its place in the folder.
WRAPPED_NEW = {"model.": "model.language_model.", "lm_head.": "lm_head."}
WRAPPED_OLD = {"model.": "language_model.model.", "lm_head.": "language_model.lm_head."}


def configuration(tiny: Tiny, **changes) -> transformers.PreTrainedConfig:
    """The text model's configuration, as transformers computes with it."""
    kinds = getattr(transformers, tiny.model_class).config_class
    values = copy.deepcopy(tiny.config) | special_ids(tiny.tokenizer) | {"vocab_size": VOCABULARY} | changes
    values = {"attn_implementation": "eager"} | values
    if any("num_experts" in key for key in values):
        # The plain loop over experts; the written folders are loaded with transformers' default, grouped products.
        values["experts_implementation"] = "eager"
    return kinds(**values, architectures=[tiny.model_class])


def wrapped(tiny: Tiny) -> transformers.PreTrainedConfig:
    kinds = getattr(transformers, tiny.wrapper).config_class
    text = configuration(tiny)
    more = {"mm_tokens_per_image": 1} if tiny.wrapper.startswith("Gemma3") else {}
    return kinds(
        text_config=text.to_dict(),
        vision_config=VISION[tiny.wrapper],
        tie_word_embeddings=text.tie_word_embeddings,
        architectures=[tiny.wrapper],
        dtype="float32",
        **more,
    )


def stacks(tiny: Tiny, **changes) -> list[Stack]:
    """The text model's tensors as transformers computes with them, without a tied head."""
    with torch.device("meta"):
        model = getattr(transformers, tiny.model_class)(configuration(tiny, **changes))
    tied = model.config.tie_word_embeddings
    return [
        computed(tiny.model_class, name, tuple(tensor.shape))
        for name, tensor in model.state_dict().items()
        if not (tied and name == "lm_head.weight")
    ]


def recipes(tiny: Tiny) -> list[Recipe]:
    return [role for stack in stacks(tiny) for role in parts(tiny, stack)]


def parts(tiny: Tiny, stack: Stack) -> list[Recipe]:
    tied = configuration(tiny).tie_word_embeddings
    return [
        recipe(name, stack.part_shape, tied, tiny.norm_base, tiny.gains, tiny.large_norms) for name in stack.parts
    ]


def unused(tiny: Tiny) -> list[Recipe]:
    """Tensors that a folder carries although text does not need them, in the new spelling's names."""
    if tiny.config.get("num_nextn_predict_layers"):
        return next_token_layer(tiny)
    if tiny.wrapper is None:
        return []
    with torch.device("meta"):
        model = getattr(transformers, tiny.wrapper)(wrapped(tiny))
    return [
        Recipe(name, tuple(tensor.shape), 0, -9)
        for name, tensor in model.state_dict().items()
        if "vision_tower" in name or "multi_modal_projector" in name
    ]


def next_token_layer(tiny: Tiny) -> list[Recipe]:
    """GLM's layer behind the last one, which predicts one token more: a layer with four tensors around it, an embedding
    and a head of its own."""
    layer, width = tiny.config["num_hidden_layers"], tiny.config["hidden_size"]
    before = f"model.layers.{layer}."
    around = {
        "embed_tokens.weight": (VOCABULARY, width),
        "enorm.weight": (width,),
        "hnorm.weight": (width,),
        "eh_proj.weight": (width, 2 * width),
        "shared_head.norm.weight": (width,),
        "shared_head.head.weight": (VOCABULARY, width),
    }
    found = [Stack(before + name, shape, (before + name,), shape) for name, shape in around.items()]
    found += [stack for stack in stacks(tiny, num_hidden_layers=layer + 1) if stack.name.startswith(before)]
    return [role for stack in found for role in parts(tiny, stack)]


def stored_stacks(tiny: Tiny, spelling: str) -> list[Stack]:
    """The tensors of a folder that hold several of the model's."""
    return stored(tiny.model_class, stacks(tiny), fused=tiny.fused_old and spelling == "old")


def prefixes(tiny: Tiny) -> dict[str, dict[str, str]]:
    if tiny.wrapper is not None:
        return {"new": WRAPPED_NEW, "old": WRAPPED_OLD}
    if tiny.model_class == "GPT2LMHeadModel":
        return {"new": {}, "old": {"transformer.": ""}}
    return {"new": {}, "old": {}}


def renamed(name: str, rules: dict[str, str]) -> str:
    for beginning, replacement in rules.items():
        if name.startswith(beginning):
            return replacement + name.removeprefix(beginning)
    return name


def new_spelling(tiny: Tiny, folder: Path) -> dict:
    config = wrapped(tiny) if tiny.wrapper else configuration(tiny, dtype="float32")
    config.save_pretrained(folder)
    written = json.loads((folder / "config.json").read_text())
    (written["text_config"] if tiny.wrapper else written).update(tiny.stated)
    return written


def old_spelling(tiny: Tiny, new: dict) -> dict:
    old = copy.deepcopy(new)
    text = old.get("text_config", old)
    for layer in {id(old): old, id(text): text}.values():
        if "dtype" in layer:
            del layer["dtype"]
            layer["torch_dtype"] = "bfloat16"
    old["torch_dtype"] = "bfloat16"
    old["transformers_version"] = "4.51.3"
    parameters = text.pop("rope_parameters", None)
    if parameters is not None:
        if "full_attention" in parameters:
            if tiny.model_class.startswith("Gemma3"):
                text["rope_local_base_freq"] = parameters["sliding_attention"]["rope_theta"]
            parameters = parameters["full_attention"]
        parameters = dict(parameters)
        text["rope_theta"] = parameters.pop("rope_theta")
        if "partial_rotary_factor" in parameters:
            text["partial_rotary_factor"] = parameters.pop("partial_rotary_factor")
        kind = parameters.pop("rope_type")
        if tiny.model_class.startswith("Phi3"):
            # The original context stood at the top of Phi-3's configuration.
            parameters.pop("original_max_position_embeddings", None)
        # Some folders say "type", later ones "rope_type".
        key = "type" if tiny.is_wide or kind == "longrope" else "rope_type"
        text["rope_scaling"] = None if kind == "default" else {key: kind, **parameters}
    if tiny.model_class.startswith("Qwen3Moe"):
        text["num_experts"] = text.pop("num_local_experts")
    # "_sliding_window_pattern" came with transformers 5, which writes the default there and reads layer_types.
    for name in ("_sliding_window_pattern", *tiny.old_drops):
        text.pop(name, None)
    text.update(tiny.old_adds)
    return old


def write_folder(
    tiny: Tiny,
    spelling: str,
    folder: Path,
    config: dict,
    weights: dict[str, torch.Tensor],
    extra: dict[str, torch.Tensor],
) -> None:
    """`new`: one file, F32 (F16 for a -c). `old`: BF16, in shards with an index for a wide model.

    `float8` and `mxfp4`: as `new`, BF16; tensors of bytes, and scales, keep the types that `weights` has.
    """
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    rules = prefixes(tiny)["old" if spelling == "old" else "new"]
    weights = dict(weights)
    for stack in stored_stacks(tiny, spelling):
        weights[stack.name] = torch.cat([weights.pop(part).flatten() for part in stack.parts]).reshape(stack.shape)
    named = {renamed(name, rules): tensor for name, tensor in weights.items()}
    for name, tensor in extra.items():
        named[name.removeprefix("model.") if spelling == "old" and tiny.wrapper else name] = tensor
    if spelling == "old" and tiny.model_class == "GPT2LMHeadModel":
        # The causal mask that the first GPT-2 files carry as a buffer.
        for layer in range(config["n_layer"]):
            named[f"h.{layer}.attn.bias"] = torch.tril(torch.ones(1, 1, 8, 8))
    if spelling in ("float8", "mxfp4"):
        stays = {name for name, tensor in named.items() if tensor.element_size() == 1 or "scale" in name}
        named = {name: tensor if name in stays else tensor.bfloat16() for name, tensor in named.items()}
    else:
        kind = torch.bfloat16 if spelling == "old" else torch.float16 if tiny.name.endswith("-c") else torch.float32
        named = {name: tensor.to(kind).contiguous() for name, tensor in named.items()}
    if spelling == "old" and tiny.is_wide:
        write_shards(named, folder)
    else:
        save_file(named, folder / "model.safetensors", metadata={"format": "pt"})
    ids = special_ids(tiny.tokenizer)
    generation = {"bos_token_id": ids["bos_token_id"], "eos_token_id": ids["eos_token_id"], "temperature": 0.6}
    (folder / "generation_config.json").write_text(json.dumps(generation, indent=2) + "\n")


def write_shards(named: dict[str, torch.Tensor], folder: Path) -> None:
    names = sorted(named)
    parts = [names[0::2], names[1::2]]
    places = {}
    for number, part in enumerate(parts, 1):
        file = f"model-{number:05}-of-{len(parts):05}.safetensors"
        save_file({name: named[name] for name in part}, folder / file, metadata={"format": "pt"})
        places |= dict.fromkeys(part, file)
    total = sum(tensor.nbytes for tensor in named.values())
    index = {"metadata": {"total_size": total}, "weight_map": dict(sorted(places.items()))}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index, indent=2) + "\n")
