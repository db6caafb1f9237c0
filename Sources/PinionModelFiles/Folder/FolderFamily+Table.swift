import PinionTensor

extension FolderFamily {
    /// Norms before and after both blocks, as Gemma 2 names them.
    private static let sandwich: Names = [
        .attentionPostNorm: "post_attention_layernorm", .feedForwardNorm: "pre_feedforward_layernorm",
        .feedForwardPostNorm: "post_feedforward_layernorm",
    ]
    /// Norms after both blocks only.
    private static let postNorms: Names = [
        .attentionNorm: "", .feedForwardNorm: "", .attentionPostNorm: "post_attention_layernorm",
        .feedForwardPostNorm: "post_feedforward_layernorm",
    ]

    /// Sizes and switches under their keys.
    private static func values(
        width: UInt64, feedForward: UInt64, layers: UInt64, heads: UInt64, cacheHeads: UInt64? = nil,
        headDimension: UInt64? = nil, vocabulary: UInt64, context: UInt64, epsilon: Double = 1e-6,
        base: Double = 10_000, isTied: Bool = false, _ others: [String: MetadataValue] = [:]
    ) -> [String: MetadataValue] {
        var values: [String: MetadataValue] = [
            "hidden_size": .unsigned(width), "intermediate_size": .unsigned(feedForward),
            "num_hidden_layers": .unsigned(layers), "num_attention_heads": .unsigned(heads),
            "vocab_size": .unsigned(vocabulary), "max_position_embeddings": .unsigned(context),
            "rms_norm_eps": .float(epsilon), "rope_theta": .float(base), "tie_word_embeddings": .bool(isTied),
            "hidden_act": .string("silu"),
        ]
        values["num_key_value_heads"] = cacheHeads.map(MetadataValue.unsigned)
        values["head_dim"] = headDimension.map(MetadataValue.unsigned)
        return values.merging(others) { $1 }
    }

    private static func graniteWithExperts(_ modelType: String) -> FolderFamily {
        FolderFamily(
            modelType: modelType, family: .granitemoe,
            defaults: values(
                width: 4096, feedForward: 11008, layers: 32, heads: 32, vocabulary: 32000, context: 2048,
                [
                    "attention_multiplier": .float(1), "num_local_experts": .unsigned(8),
                    "num_experts_per_tok": .unsigned(2),
                ]),
            names: [
                .router: "block_sparse_moe.router.layer", .sharedGateUp: "shared_mlp.input_linear",
                .sharedDown: "shared_mlp.output_linear",
            ],
            stacks: [
                .expertGateUp: "block_sparse_moe.input_linear.weight",
                .expertDown: "block_sparse_moe.output_linear.weight",
            ],
            newerNames: [
                .router: "block_sparse_moe.router.weight", .expertGateUp: "block_sparse_moe.experts.gate_up_proj",
                .expertDown: "block_sparse_moe.experts.down_proj",
            ])
    }

    /// Source of the defaults: the configuration classes of transformers 5.
    static let all: [FolderFamily] = [
        FolderFamily(
            modelType: "llama", family: .llama,
            defaults: values(
                width: 4096, feedForward: 11008, layers: 32, heads: 32, vocabulary: 32000, context: 2048)),
        FolderFamily(
            modelType: "mistral", family: .llama,
            defaults: values(
                width: 4096, feedForward: 14336, layers: 32, heads: 32, cacheHeads: 8, vocabulary: 32000,
                context: 131_072, ["sliding_window": .unsigned(4096)])),
        FolderFamily(
            modelType: "ministral3", family: .mistral3,
            defaults: values(
                width: 4096, feedForward: 14336, layers: 34, heads: 32, cacheHeads: 8, headDimension: 128,
                vocabulary: 131_072, context: 262_144, epsilon: 1e-5, base: 1_000_000)),
        FolderFamily(
            modelType: "qwen2", family: .qwen2,
            defaults: values(
                width: 4096, feedForward: 22016, layers: 32, heads: 32, cacheHeads: 32, vocabulary: 151_936,
                context: 32768, ["sliding_window": .unsigned(4096), "max_window_layers": .unsigned(28)])),
        FolderFamily(
            modelType: "qwen3", family: .qwen3,
            defaults: values(
                width: 4096, feedForward: 22016, layers: 32, heads: 32, cacheHeads: 32, headDimension: 128,
                vocabulary: 151_936, context: 32768,
                ["sliding_window": .unsigned(4096), "max_window_layers": .unsigned(28)])),
        FolderFamily(
            modelType: "gemma", family: .gemma,
            defaults: values(
                width: 3072, feedForward: 24576, layers: 28, heads: 16, cacheHeads: 16, headDimension: 256,
                vocabulary: 256_000, context: 8192, isTied: true, ["hidden_act": .string("gelu_pytorch_tanh")]),
            normsLackOne: true),
        FolderFamily(
            modelType: "gemma2", family: .gemma2,
            defaults: values(
                width: 2304, feedForward: 9216, layers: 26, heads: 8, cacheHeads: 4, headDimension: 256,
                vocabulary: 256_000, context: 8192, isTied: true,
                [
                    "hidden_act": .string("gelu_pytorch_tanh"), "sliding_window": .unsigned(4096),
                    "sliding_window_pattern": .unsigned(2), "query_pre_attn_scalar": .unsigned(256),
                    "final_logit_softcapping": .float(30), "attn_logit_softcapping": .float(50),
                ]), names: sandwich, normsLackOne: true),
        FolderFamily(
            modelType: "gemma3_text", family: .gemma3,
            defaults: values(
                width: 2304, feedForward: 9216, layers: 26, heads: 8, cacheHeads: 4, headDimension: 256,
                vocabulary: 262_208, context: 131_072, base: 1_000_000, isTied: true,
                [
                    "hidden_act": .string("gelu_pytorch_tanh"), "sliding_window": .unsigned(4096),
                    "sliding_window_pattern": .unsigned(6), "query_pre_attn_scalar": .unsigned(256),
                    "rope_local_base_freq": .float(10_000),
                ]), names: sandwich, normsLackOne: true),
        FolderFamily(
            modelType: "phi3", family: .phi3,
            defaults: values(
                width: 3072, feedForward: 8192, layers: 32, heads: 32, vocabulary: 32064, context: 4096, epsilon: 1e-5,
                ["original_max_position_embeddings": .unsigned(4096)])),
        FolderFamily(
            modelType: "smollm3", family: .smollm3,
            defaults: values(
                width: 2048, feedForward: 11008, layers: 36, heads: 16, cacheHeads: 4, vocabulary: 128_256,
                context: 32768, base: 2_000_000, isTied: true, ["no_rope_layer_interval": .unsigned(4)])),
        FolderFamily(
            modelType: "olmo2", family: .olmo2,
            defaults: values(
                width: 4096, feedForward: 11008, layers: 32, heads: 32, vocabulary: 50304, context: 2048,
                epsilon: 1e-5), names: postNorms),
        FolderFamily(
            modelType: "olmo3", family: .olmo2,
            defaults: values(
                width: 4096, feedForward: 11008, layers: 32, heads: 32, vocabulary: 50304, context: 2048,
                epsilon: 1e-5, base: 500_000,
                ["sliding_window": .unsigned(4096), "sliding_window_pattern": .unsigned(4)]), names: postNorms),
        FolderFamily(
            modelType: "granite", family: .granite,
            defaults: values(
                width: 4096, feedForward: 11008, layers: 32, heads: 32, vocabulary: 32000, context: 2048,
                ["attention_multiplier": .float(1)])),
        FolderFamily(
            modelType: "glm4", family: .glm4,
            defaults: values(
                width: 4096, feedForward: 13696, layers: 40, heads: 32, cacheHeads: 2, headDimension: 128,
                vocabulary: 151_552, context: 131_072, epsilon: 1.5625e-7,
                ["partial_rotary_factor": .float(0.5), "attention_bias": .bool(true)]),
            names: [
                .attentionPostNorm: "post_self_attn_layernorm", .feedForwardPostNorm: "post_mlp_layernorm",
            ]),
        FolderFamily(
            modelType: "mixtral", family: .llama,
            defaults: values(
                width: 4096, feedForward: 14336, layers: 32, heads: 32, cacheHeads: 8, vocabulary: 32000,
                context: 131_072, epsilon: 1e-5, base: 1_000_000,
                ["num_local_experts": .unsigned(8), "num_experts_per_tok": .unsigned(2)]),
            names: [
                .router: "block_sparse_moe.gate", .expertGate: "block_sparse_moe.experts.#.w1",
                .expertUp: "block_sparse_moe.experts.#.w3", .expertDown: "block_sparse_moe.experts.#.w2",
            ], newerNames: [.router: "mlp.gate.weight"]),
        FolderFamily(
            modelType: "qwen2_moe", family: .qwen2moe,
            defaults: values(
                width: 2048, feedForward: 5632, layers: 24, heads: 16, cacheHeads: 16, vocabulary: 151_936,
                context: 32768,
                [
                    "sliding_window": .unsigned(4096), "max_window_layers": .unsigned(28),
                    "num_experts": .unsigned(60), "num_experts_per_tok": .unsigned(4),
                    "moe_intermediate_size": .unsigned(1408), "shared_expert_intermediate_size": .unsigned(5632),
                    "decoder_sparse_step": .unsigned(1),
                ])),
        FolderFamily(
            modelType: "qwen3_moe", family: .qwen3moe,
            defaults: values(
                width: 2048, feedForward: 6144, layers: 24, heads: 32, cacheHeads: 4, vocabulary: 151_936,
                context: 32768,
                [
                    "sliding_window": .unsigned(4096), "num_experts": .unsigned(128),
                    "num_experts_per_tok": .unsigned(8), "moe_intermediate_size": .unsigned(768),
                    "decoder_sparse_step": .unsigned(1),
                ])),
        graniteWithExperts("granitemoe"), graniteWithExperts("granitemoeshared"),
        FolderFamily(
            modelType: "glm4_moe", family: .glm4moe,
            defaults: values(
                width: 4096, feedForward: 10944, layers: 46, heads: 96, cacheHeads: 8, vocabulary: 151_552,
                context: 131_072, epsilon: 1e-5,
                [
                    "partial_rotary_factor": .float(0.5), "moe_intermediate_size": .unsigned(1408),
                    "num_experts_per_tok": .unsigned(8), "n_shared_experts": .unsigned(1),
                    "n_routed_experts": .unsigned(128), "routed_scaling_factor": .float(1), "n_group": .unsigned(1),
                    "topk_group": .unsigned(1), "first_k_dense_replace": .unsigned(1),
                ]),
            names: [
                .sharedGate: "mlp.shared_experts.gate_proj", .sharedUp: "mlp.shared_experts.up_proj",
                .sharedDown: "mlp.shared_experts.down_proj",
            ]),
        FolderFamily(
            modelType: "gpt_oss", family: .gptOss,
            defaults: values(
                width: 2880, feedForward: 2880, layers: 36, heads: 64, cacheHeads: 8, headDimension: 64,
                vocabulary: 201_088, context: 131_072, epsilon: 1e-5, base: 150_000,
                [
                    "sliding_window": .unsigned(128), "attention_bias": .bool(true),
                    "num_local_experts": .unsigned(128), "num_experts_per_tok": .unsigned(4),
                    "swiglu_alpha": .float(Double(ActivationKind.gptOssSlope)),
                    "swiglu_limit": .float(Double(ActivationKind.gptOssLimit)),
                ]),
            names: [.router: "mlp.router"],
            stackBiases: [
                .expertGateUp: "mlp.experts.gate_up_proj_bias", .expertDown: "mlp.experts.down_proj_bias",
            ], hasTransposedExperts: true),
        FolderFamily(
            modelType: "gpt2", family: .gpt2,
            defaults: [
                "n_embd": .unsigned(768), "n_layer": .unsigned(12), "n_head": .unsigned(12),
                "n_positions": .unsigned(1024),
                "vocab_size": .unsigned(50257), "layer_norm_epsilon": .float(1e-5), "tie_word_embeddings": .bool(true),
                "activation_function": .string("gelu_new"),
            ],
            names: [
                .embedding: "wte", .positions: "wpe", .finalNorm: "ln_f", .attentionNorm: "ln_1", .query: "", .key: "",
                .value: "", .queryKeyValue: "attn.c_attn", .queryNorm: "", .keyNorm: "",
                .attentionOutput: "attn.c_proj",
                .feedForwardNorm: "ln_2", .gate: "", .gateUp: "", .up: "mlp.c_fc", .down: "mlp.c_proj",
            ], prefixes: ["transformer.", ""], layerFolder: "h", isTransposed: true),
    ]
}
