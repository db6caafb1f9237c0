"""The tiny models: which family, which sizes, and which odd case of its configuration each of them holds.

Model -a of a family is narrow with irregular head counts; model -b has columns that are multiples of 256, so that it
can be quantised to Q4_K_M; a model -c holds what a GGUF file cannot say and exists as a folder only. Windows are
shorter than the long text (600 tokens), and positions pass the original context of every scaled rotary embedding.
"""

from dataclasses import dataclass, field

VOCABULARY = 320
NARROW = dict(hidden_size=96, intermediate_size=160, num_attention_heads=6, num_key_value_heads=2, head_dim=16)
WIDE = dict(hidden_size=256, intermediate_size=512, num_attention_heads=8, num_key_value_heads=2, head_dim=32)
# For the families whose configuration has no head_dim: hidden_size / num_attention_heads, the same numbers.
NARROW_DIVIDED = {key: value for key, value in NARROW.items() if key != "head_dim"}
WIDE_DIVIDED = {key: value for key, value in WIDE.items() if key != "head_dim"}


@dataclass(frozen=True)
class Tiny:
    name: str
    model_class: str
    tokenizer: str
    # Keyword arguments of the configuration class, in the spelling of transformers 5.
    config: dict
    # Keys of the new spelling that transformers rewrites as it reads (a window that is switched off): set in the file.
    stated: dict = field(default_factory=dict)
    # Keys that the old spelling adds, and keys that it leaves to the family's default.
    old_adds: dict = field(default_factory=dict)
    old_drops: tuple[str, ...] = ()
    # The wrapping model's class, for a nested text_config.
    wrapper: str | None = None
    gguf: bool = True
    # What the GGUF file does not say: the logits of this configuration are the GGUF file's.
    gguf_config: dict | None = None
    # What llama.cpp does not do although the file says it: its own logits are compared with this configuration.
    llama_cpp_config: dict | None = None
    # llama.cpp refuses a file without output.weight in some families: its converter writes what it does not read.
    llama_cpp_loads: bool = True
    # 0 where the folder stores norms less one (Gemma's).
    norm_base: int = 1
    gains: dict = field(default_factory=dict)
    large_norms: str | None = None
    # How a third folder scales F8_E4M3 projections (tiny_float8.py).
    float8: str | None = None
    # Whether a third folder has the experts in MXFP4 (tiny_mxfp4.py).
    mxfp4: bool = False
    # A mixture whose old folder has the fused tensors that transformers 5 computes with.
    fused_old: bool = False
    # Another seed for all weights, where the routers' choices of the first ones are no firm ones (tiny_routing.py).
    seed: int = 0

    @property
    def seeded(self) -> str:
        """The name that seeds the weights."""
        return f"{self.name}.{self.seed}" if self.seed else self.name

    @property
    def is_wide(self) -> bool:
        return self.name.endswith("-b")


def rope(theta: float, kind: str = "default", **parameters) -> dict:
    return {"rope_type": kind, "rope_theta": theta, **parameters}


def yarn(theta: float, factor: float, original: int, **parameters) -> dict:
    return rope(theta, "yarn", factor=factor, original_max_position_embeddings=original, **parameters)


def layers(full: int, count: int) -> list[str]:
    """`count` layer types; every `full`-th layer sees all positions, the others a window."""
    return ["full_attention" if (layer + 1) % full == 0 else "sliding_attention" for layer in range(count)]


def two_bases(full: dict, local: dict) -> dict:
    return {"full_attention": full, "sliding_attention": local}


LLAMA_3 = rope(
    500_000.0,
    "llama3",
    factor=8.0,
    low_freq_factor=1.0,
    high_freq_factor=4.0,
    original_max_position_embeddings=64,
)
MINISTRAL_YARN = yarn(
    1_000_000.0, 16.0, 64, beta_fast=32.0, beta_slow=1.0, mscale=1.0, mscale_all_dim=1.0, llama_4_scaling_beta=0.1
)
GPT_OSS_YARN = yarn(150_000.0, 32.0, 64, beta_fast=32.0, beta_slow=1.0, truncate=False)
LONG_FACTORS = [1.0, 1.5, 4.0, 9.0]
SHORT_FACTORS = [1.0, 1.0, 1.25, 2.0]
# Gemma's norms multiply by one plus the stored weight.
GEMMA = dict(norm_base=0, gains={"o_proj|down_proj": 6.0})
GEMMA_SANDWICH = dict(norm_base=0, large_norms="post_(attention|feedforward)_layernorm")

TINY = [
    Tiny(
        "llama-a",
        "LlamaForCausalLM",
        "spm-llama",
        NARROW | dict(num_hidden_layers=3, attention_bias=True, rope_parameters=rope(10_000.0, "linear", factor=4.0)),
    ),
    Tiny(
        "llama-b",
        "LlamaForCausalLM",
        "bpe-llama",
        WIDE
        | dict(num_hidden_layers=3, num_attention_heads=4, num_key_value_heads=1, head_dim=64)
        | dict(tie_word_embeddings=True, rope_parameters=LLAMA_3, eos_token_id=[1, 2]),
        float8="rows",
    ),
    Tiny(
        "qwen3-a",
        "Qwen3ForCausalLM",
        "bpe-qwen2",
        NARROW | dict(num_hidden_layers=3, head_dim=32, tie_word_embeddings=True, rope_parameters=rope(1_000_000.0)),
        old_drops=("layer_types",),
    ),
    Tiny(
        "qwen3-b",
        "Qwen3ForCausalLM",
        "bpe-qwen2",
        WIDE | dict(num_hidden_layers=4, head_dim=64, rope_parameters=yarn(1_000_000.0, 4.0, 64)),
        old_drops=("layer_types",),
        float8="blocks",
    ),
    Tiny(
        "gemma3-a",
        "Gemma3ForCausalLM",
        "spm-gemma",
        NARROW
        | dict(num_hidden_layers=7, head_dim=32, query_pre_attn_scalar=32, sliding_window=32)
        | dict(layer_types=layers(6, 7))
        | dict(rope_parameters=two_bases(rope(1_000_000.0, "linear", factor=8.0), rope(10_000.0))),
        old_drops=("layer_types",),
        **GEMMA_SANDWICH,
    ),
    Tiny(
        "gemma3-b",
        "Gemma3ForCausalLM",
        "spm-gemma",
        WIDE
        | dict(num_hidden_layers=6, head_dim=64, query_pre_attn_scalar=64, sliding_window=48)
        | dict(layer_types=layers(6, 6))
        | dict(rope_parameters=two_bases(rope(1_000_000.0), rope(10_000.0))),
        old_drops=("layer_types",),
        old_adds={"sliding_window_pattern": 6},
        wrapper="Gemma3ForConditionalGeneration",
        **GEMMA_SANDWICH,
    ),
    Tiny(
        "gemma3-c",
        "Gemma3ForCausalLM",
        "spm-gemma",
        NARROW
        | dict(num_hidden_layers=4, head_dim=32, query_pre_attn_scalar=40, sliding_window=32)
        | dict(layer_types=layers(3, 4), final_logit_softcapping=9.0)
        | dict(rope_parameters=two_bases(rope(500_000.0), rope(20_000.0))),
        old_drops=("layer_types",),
        old_adds={"sliding_window_pattern": 3},
        gguf=False,
        **GEMMA_SANDWICH,
    ),
    Tiny(
        "qwen2-a",
        "Qwen2ForCausalLM",
        "bpe-qwen2",
        NARROW_DIVIDED | dict(num_hidden_layers=4, tie_word_embeddings=True, rope_parameters=rope(1_000_000.0)),
        stated={"use_sliding_window": False, "sliding_window": 24, "max_window_layers": 2},
        old_drops=("layer_types",),
    ),
    Tiny(
        "qwen2-b",
        "Qwen2ForCausalLM",
        "bpe-qwen2",
        WIDE_DIVIDED | dict(num_hidden_layers=3, rope_parameters=yarn(1_000_000.0, 4.0, 64)),
        old_drops=("layer_types",),
    ),
    Tiny(
        "qwen2-c",
        "Qwen2ForCausalLM",
        "bpe-qwen2",
        NARROW_DIVIDED
        | dict(num_hidden_layers=4, use_sliding_window=True, sliding_window=24, max_window_layers=2)
        | dict(rope_parameters=rope(1_000_000.0)),
        old_drops=("layer_types",),
        gguf=False,
    ),
    Tiny(
        "mistral-a",
        "MistralForCausalLM",
        "spm-llama",
        NARROW
        | dict(num_hidden_layers=4, num_key_value_heads=3, head_dim=32, sliding_window=32)
        | dict(rope_parameters=rope(10_000.0)),
        gguf_config={"sliding_window": None},
    ),
    Tiny(
        "mistral-b",
        "MistralForCausalLM",
        "bpe-tekken",
        WIDE
        | dict(num_hidden_layers=3, sliding_window=None, tie_word_embeddings=True)
        | dict(rope_parameters=rope(1_000_000.0)),
        stated={"head_dim": None},
    ),
    Tiny(
        "ministral3-a",
        "Ministral3ForCausalLM",
        "bpe-tekken",
        NARROW | dict(num_hidden_layers=3, head_dim=32, rope_parameters=MINISTRAL_YARN, max_position_embeddings=1024),
    ),
    Tiny(
        "ministral3-b",
        "Ministral3ForCausalLM",
        "bpe-tekken",
        WIDE
        | dict(num_hidden_layers=3, head_dim=64, tie_word_embeddings=True, max_position_embeddings=1024)
        | dict(rope_parameters=MINISTRAL_YARN),
        wrapper="Mistral3ForConditionalGeneration",
        float8="tensor",
    ),
    Tiny(
        "mistral3-a",
        "MistralForCausalLM",
        "bpe-tekken",
        NARROW | dict(num_hidden_layers=3, head_dim=32, sliding_window=None, rope_parameters=rope(1_000_000_000.0)),
        wrapper="Mistral3ForConditionalGeneration",
    ),
    Tiny(
        "gemma-a",
        "GemmaForCausalLM",
        "spm-gemma",
        NARROW | dict(num_hidden_layers=3, num_key_value_heads=1, head_dim=32, rope_parameters=rope(10_000.0)),
        **GEMMA,
    ),
    Tiny(
        "gemma-b",
        "GemmaForCausalLM",
        "spm-gemma",
        WIDE
        | dict(num_hidden_layers=3, num_attention_heads=4, num_key_value_heads=4, head_dim=128)
        | dict(rope_parameters=rope(10_000.0)),
        **GEMMA,
    ),
    Tiny(
        "gemma2-a",
        "Gemma2ForCausalLM",
        "spm-gemma",
        NARROW
        | dict(num_hidden_layers=4, num_key_value_heads=3, query_pre_attn_scalar=16, sliding_window=32)
        | dict(attn_logit_softcapping=3.0, final_logit_softcapping=6.0, rope_parameters=rope(10_000.0)),
        old_drops=("layer_types",),
        **GEMMA_SANDWICH,
    ),
    Tiny(
        "gemma2-b",
        "Gemma2ForCausalLM",
        "spm-gemma",
        WIDE
        | dict(num_hidden_layers=3, head_dim=64, query_pre_attn_scalar=64, sliding_window=48)
        | dict(attn_logit_softcapping=5.0, final_logit_softcapping=8.0, rope_parameters=rope(10_000.0)),
        old_drops=("layer_types",),
        **GEMMA_SANDWICH,
    ),
    Tiny(
        "gemma2-c",
        "Gemma2ForCausalLM",
        "spm-gemma",
        NARROW
        | dict(num_hidden_layers=4, query_pre_attn_scalar=24, sliding_window=32)
        | dict(attn_logit_softcapping=4.0, final_logit_softcapping=None, rope_parameters=rope(10_000.0)),
        old_drops=("layer_types",),
        gguf=False,
        **GEMMA_SANDWICH,
    ),
    Tiny(
        "phi3-a",
        "Phi3ForCausalLM",
        "spm-phi3",
        NARROW_DIVIDED
        | dict(num_hidden_layers=3, max_position_embeddings=1024, original_max_position_embeddings=64)
        | dict(
            rope_parameters=rope(
                10_000.0,
                "longrope",
                long_factor=LONG_FACTORS,
                short_factor=SHORT_FACTORS,
                partial_rotary_factor=0.5,
                original_max_position_embeddings=64,
            )
        ),
    ),
    Tiny(
        "phi3-b",
        "Phi3ForCausalLM",
        "spm-phi3",
        WIDE_DIVIDED
        | dict(num_hidden_layers=3, sliding_window=48, tie_word_embeddings=True)
        | dict(max_position_embeddings=1024, original_max_position_embeddings=1024)
        | dict(rope_parameters=rope(10_000.0, partial_rotary_factor=1.0)),
        llama_cpp_config={"sliding_window": None},
    ),
    Tiny(
        "smollm3-a",
        "SmolLM3ForCausalLM",
        "bpe-smollm3",
        NARROW_DIVIDED | dict(num_hidden_layers=5, tie_word_embeddings=True, rope_parameters=rope(50_000.0)),
        old_drops=("layer_types",),
    ),
    Tiny(
        "smollm3-b",
        "SmolLM3ForCausalLM",
        "bpe-smollm3",
        WIDE_DIVIDED | dict(num_hidden_layers=4, tie_word_embeddings=False, rope_parameters=yarn(5_000_000.0, 2.0, 64)),
        old_drops=("layer_types", "no_rope_layers"),
    ),
    Tiny(
        "smollm3-c",
        "SmolLM3ForCausalLM",
        "bpe-smollm3",
        NARROW_DIVIDED
        | dict(num_hidden_layers=4, no_rope_layers=[1, 0, 0, 1], rope_parameters=rope(50_000.0))
        | dict(tie_word_embeddings=True),
        old_drops=("layer_types",),
        gguf=False,
    ),
    Tiny(
        "olmo2-a",
        "Olmo2ForCausalLM",
        "bpe-olmo",
        NARROW_DIVIDED | dict(num_hidden_layers=3, tie_word_embeddings=True, rope_parameters=rope(500_000.0)),
        llama_cpp_loads=False,
    ),
    Tiny(
        "olmo2-b",
        "Olmo2ForCausalLM",
        "bpe-olmo",
        WIDE_DIVIDED | dict(num_hidden_layers=3, rope_parameters=rope(500_000.0)),
    ),
    Tiny(
        "olmo3-a",
        "Olmo3ForCausalLM",
        "bpe-olmo",
        NARROW_DIVIDED
        | dict(num_hidden_layers=5, sliding_window=32, layer_types=layers(4, 5), tie_word_embeddings=True)
        | dict(rope_parameters=two_bases(yarn(500_000.0, 4.0, 64, attention_factor=1.2), rope(500_000.0))),
        old_drops=("layer_types",),
        llama_cpp_loads=False,
    ),
    Tiny(
        "olmo3-b",
        "Olmo3ForCausalLM",
        "bpe-olmo",
        WIDE_DIVIDED
        | dict(num_hidden_layers=4, sliding_window=48, layer_types=layers(4, 4))
        | dict(rope_parameters=two_bases(rope(500_000.0), rope(500_000.0))),
    ),
    Tiny(
        "granite-a",
        "GraniteForCausalLM",
        "bpe-granite",
        NARROW_DIVIDED
        | dict(num_hidden_layers=3, tie_word_embeddings=True, rope_parameters=rope(10_000.0))
        | dict(embedding_multiplier=2.0, attention_multiplier=0.125, residual_multiplier=0.5, logits_scaling=4.0),
        gains={"embed_tokens": 4.0, "o_proj|down_proj": 8.0},
    ),
    Tiny(
        "granite-b",
        "GraniteForCausalLM",
        "bpe-granite",
        WIDE_DIVIDED
        | dict(num_hidden_layers=3, rope_parameters=rope(5_000_000.0))
        | dict(embedding_multiplier=12.0, attention_multiplier=0.25, residual_multiplier=0.22, logits_scaling=8.0),
        gains={"embed_tokens": 0.125, "lm_head": 8.0},
    ),
    Tiny(
        "glm4-a",
        "Glm4ForCausalLM",
        "bpe-glm4",
        NARROW
        | dict(num_hidden_layers=3, head_dim=32, tie_word_embeddings=True)
        | dict(rope_parameters=rope(10_000.0, partial_rotary_factor=0.5)),
    ),
    Tiny(
        "glm4-b",
        "Glm4ForCausalLM",
        "bpe-glm4",
        WIDE
        | dict(num_hidden_layers=3, head_dim=64, num_key_value_heads=2)
        | dict(rope_parameters=rope(10_000.0, partial_rotary_factor=0.5)),
    ),
    Tiny(
        "gpt2-a",
        "GPT2LMHeadModel",
        "bpe-gpt2",
        dict(n_embd=96, n_head=6, n_layer=3, n_positions=640),
        # The key that the first GPT-2 folders have, and the converter reads.
        stated={"n_ctx": 640},
    ),
    Tiny(
        "gpt2-b",
        "GPT2LMHeadModel",
        "bpe-gpt2",
        dict(n_embd=256, n_head=4, n_layer=3, n_positions=640, tie_word_embeddings=False),
        # The key that the first GPT-2 folders have, and the converter reads.
        stated={"n_ctx": 640},
    ),
    Tiny(
        "gptoss-a",
        "GptOssForCausalLM",
        "bpe-gptoss",
        NARROW
        | dict(num_hidden_layers=3, head_dim=32, intermediate_size=56, num_local_experts=7, num_experts_per_tok=3)
        | dict(sliding_window=24, swiglu_alpha=1.25, swiglu_limit=1.5)
        | dict(layer_types=layers(3, 3), rope_parameters=GPT_OSS_YARN),
        # The file has no keys for them.
        gguf_config={"swiglu_alpha": 1.702, "swiglu_limit": 7.0, "layer_types": layers(2, 3)},
        # It rounds the bounds of YaRN's slope to whole pairs.
        llama_cpp_config={"rope_parameters": GPT_OSS_YARN | {"truncate": True}},
        seed=16,
    ),
    Tiny(
        "gptoss-b",
        "GptOssForCausalLM",
        "bpe-gptoss",
        WIDE
        | dict(num_hidden_layers=4, head_dim=64, intermediate_size=256, num_local_experts=8, num_experts_per_tok=2)
        | dict(sliding_window=48, rope_parameters=GPT_OSS_YARN),
        # So that gates and what they multiply pass the limit of 7.
        gains={"gate_up_proj": 4.0, "experts.down_proj": 0.25},
        llama_cpp_config={"rope_parameters": GPT_OSS_YARN | {"truncate": True}},
        old_drops=("layer_types",),
        mxfp4=True,
        seed=24,
    ),
    Tiny(
        "mixtral-a",
        "MixtralForCausalLM",
        "spm-llama",
        NARROW
        | dict(num_hidden_layers=3, head_dim=32, intermediate_size=48, num_local_experts=7, num_experts_per_tok=2)
        | dict(sliding_window=None, rope_parameters=rope(1_000_000.0)),
        seed=29,
    ),
    Tiny(
        "mixtral-b",
        "MixtralForCausalLM",
        "bpe-tekken",
        WIDE_DIVIDED
        | dict(num_hidden_layers=3, intermediate_size=256, num_local_experts=8, num_experts_per_tok=3)
        | dict(sliding_window=None, rope_parameters=rope(1_000_000.0)),
    ),
    Tiny(
        "qwen2moe-a",
        "Qwen2MoeForCausalLM",
        "bpe-qwen2",
        NARROW_DIVIDED
        | dict(num_hidden_layers=3, num_experts=7, num_experts_per_tok=3, norm_topk_prob=False)
        | dict(moe_intermediate_size=24, shared_expert_intermediate_size=80, rope_parameters=rope(1_000_000.0)),
        old_drops=("layer_types",),
        seed=5,
    ),
    Tiny(
        "qwen2moe-b",
        "Qwen2MoeForCausalLM",
        "bpe-qwen2",
        WIDE_DIVIDED
        | dict(num_hidden_layers=3, num_experts=8, num_experts_per_tok=2, norm_topk_prob=False)
        | dict(moe_intermediate_size=256, shared_expert_intermediate_size=512)
        | dict(rope_parameters=rope(1_000_000.0)),
        stated={"use_sliding_window": False, "sliding_window": 24, "max_window_layers": 2},
        old_drops=("layer_types",),
        seed=4,
    ),
    Tiny(
        "qwen2moe-c",
        "Qwen2MoeForCausalLM",
        "bpe-qwen2",
        NARROW_DIVIDED
        | dict(num_hidden_layers=3, num_experts=8, num_experts_per_tok=3, norm_topk_prob=True, mlp_only_layers=[1])
        | dict(moe_intermediate_size=40, shared_expert_intermediate_size=56, rope_parameters=rope(1_000_000.0)),
        old_drops=("layer_types",),
        gguf=False,
        seed=8,
    ),
    Tiny(
        "qwen3moe-a",
        "Qwen3MoeForCausalLM",
        "bpe-qwen2",
        NARROW
        | dict(num_hidden_layers=3, head_dim=32, num_experts=9, num_experts_per_tok=3, norm_topk_prob=True)
        | dict(moe_intermediate_size=48, tie_word_embeddings=True, rope_parameters=rope(1_000_000.0)),
        seed=4,
    ),
    Tiny(
        "qwen3moe-b",
        "Qwen3MoeForCausalLM",
        "bpe-qwen2",
        WIDE
        | dict(num_hidden_layers=3, head_dim=64, num_experts=8, num_experts_per_tok=2, norm_topk_prob=True)
        | dict(moe_intermediate_size=256, rope_parameters=rope(1_000_000.0)),
        fused_old=True,
        seed=2,
    ),
    Tiny(
        "qwen3moe-c",
        "Qwen3MoeForCausalLM",
        "bpe-qwen2",
        NARROW
        | dict(num_hidden_layers=3, head_dim=32, num_experts=8, num_experts_per_tok=2, norm_topk_prob=False)
        | dict(moe_intermediate_size=24, decoder_sparse_step=2, rope_parameters=rope(1_000_000.0)),
        gguf=False,
    ),
    Tiny(
        "granitemoe-a",
        "GraniteMoeForCausalLM",
        "bpe-granite",
        NARROW_DIVIDED
        | dict(num_hidden_layers=3, intermediate_size=24, num_local_experts=7, num_experts_per_tok=3)
        | dict(tie_word_embeddings=True, rope_parameters=rope(10_000.0))
        | dict(embedding_multiplier=2.0, attention_multiplier=0.125, residual_multiplier=0.5, logits_scaling=4.0),
        gains={"embed_tokens": 4.0, "o_proj|down_proj": 8.0},
        seed=7,
    ),
    Tiny(
        "granitemoe-b",
        "GraniteMoeForCausalLM",
        "bpe-granite",
        WIDE_DIVIDED
        | dict(num_hidden_layers=3, intermediate_size=256, num_local_experts=8, num_experts_per_tok=2)
        | dict(rope_parameters=rope(5_000_000.0))
        | dict(embedding_multiplier=12.0, attention_multiplier=0.25, residual_multiplier=0.22, logits_scaling=8.0),
        gains={"embed_tokens": 0.125, "lm_head": 8.0},
    ),
    Tiny(
        "granitemoeshared-a",
        "GraniteMoeSharedForCausalLM",
        "bpe-granite",
        NARROW_DIVIDED
        | dict(num_hidden_layers=3, intermediate_size=48, num_local_experts=8, num_experts_per_tok=2)
        | dict(shared_intermediate_size=80, tie_word_embeddings=True, rope_parameters=rope(10_000.0))
        | dict(embedding_multiplier=2.0, attention_multiplier=0.125, residual_multiplier=0.5, logits_scaling=4.0),
        gains={"embed_tokens": 4.0, "o_proj|down_proj": 8.0},
        seed=38,
    ),
    Tiny(
        "glm4moe-a",
        "Glm4MoeForCausalLM",
        "bpe-glm4moe",
        NARROW
        | dict(num_hidden_layers=3, head_dim=32, moe_intermediate_size=48, n_routed_experts=8, num_experts_per_tok=3)
        | dict(n_shared_experts=1, first_k_dense_replace=1, n_group=1, topk_group=1, routed_scaling_factor=1.5)
        | dict(norm_topk_prob=True, attention_bias=True, use_qk_norm=False, num_nextn_predict_layers=1)
        | dict(rope_parameters=rope(1_000_000.0, partial_rotary_factor=0.5)),
        seed=2,
    ),
    Tiny(
        "glm4moe-b",
        "Glm4MoeForCausalLM",
        "bpe-glm4moe",
        WIDE
        | dict(num_hidden_layers=3, head_dim=64, moe_intermediate_size=256, n_routed_experts=8, num_experts_per_tok=2)
        | dict(n_shared_experts=1, first_k_dense_replace=1, n_group=2, topk_group=1, routed_scaling_factor=2.5)
        | dict(norm_topk_prob=True, attention_bias=True, use_qk_norm=True, num_nextn_predict_layers=0)
        | dict(rope_parameters=rope(1_000_000.0, partial_rotary_factor=0.5)),
    ),
]
