import PinionTensor

/// Keys of `config.json` that change no logits, and the names of activations.
enum FolderKeys {
    private static let harmless: Set<String> = [
        "architectures", "model_type", "outer.model_type", "torch_dtype", "dtype", "transformers_version", "use_cache",
        "initializer_range", "bos_token_id", "eos_token_id", "pad_token_id", "sep_token_id", "unk_token_id",
        "cls_token_id",
        "_name_or_path", "name_or_path", "attention_dropout", "hidden_dropout", "resid_pdrop", "embd_pdrop",
        "attn_pdrop",
        "dropout", "pretraining_tp", "problem_type", "num_labels", "output_attentions", "output_hidden_states",
        "return_dict", "use_return_dict", "torchscript", "use_bfloat16", "finetuning_task", "tokenizer_class",
        "is_decoder",
        "decoder_start_token_id", "chunk_size_feed_forward", "gradient_checkpointing", "do_sample", "temperature",
        "top_k",
        "top_p", "typical_p", "repetition_penalty", "length_penalty", "no_repeat_ngram_size",
        "encoder_no_repeat_ngram_size", "bad_words_ids", "num_beams", "num_beam_groups", "diversity_penalty",
        "num_return_sequences", "output_scores", "return_dict_in_generate", "forced_bos_token_id",
        "forced_eos_token_id",
        "suppress_tokens", "begin_suppress_tokens", "max_length", "min_length", "_attn_implementation",
        "attn_implementation", "cache_implementation", "unsloth_version", "tie_word_embeddings", "n_ctx",
        "reorder_and_upcast_attn", "summary_type", "summary_use_proj", "summary_proj_to_labels",
        "summary_first_dropout",
        "summary_activation", "layer_norm_eps", "activation_dropout", "classifier_dropout", "prefix", "torch_compile",
        "output_router_logits", "router_aux_loss_coef", "router_jitter_noise", "num_nextn_predict_layers",
    ]
    private static let harmlessObjects = [
        "quantization_config.", "task_specific_params.", "id2label.", "label2id.", "auto_map.", "vision_config.",
        "audio_config.", "pruned_heads.",
    ]

    /// Whether a key that no reader asked for may be ignored, as an option may that is off.
    static func isHarmless(_ key: String, _ value: MetadataValue) -> Bool {
        if value == .bool(false) || harmless.contains(key) { return true }
        return harmlessObjects.contains { key.utf8.starts(with: $0.utf8) }
    }

    /// The activation of the feed-forward block.
    static func activation(
        _ keys: KeyReader, _ row: FolderFamily
    ) throws(ModelError) -> ActivationKind {
        let key =
            row.family == .gpt2
            ? "activation_function" : keys.value("hidden_activation") != nil ? "hidden_activation" : "hidden_act"
        _ = keys.value("hidden_act")
        guard let name = try keys.text(key) else { throw keys.missing(key) }
        if row.modelType == "gpt_oss" {
            // The reference computes with this activation whatever the name, which is silu in every configuration.
            guard FileWord(name) == "silu" else { throw keys.unsupported(key, .string(name), "silu") }
            return .clampedSwiGLU(
                slope: Float(try keys.positive("swiglu_alpha")), limit: Float(try keys.positive("swiglu_limit")))
        }
        let isGemma = [.gemma, .gemma2, .gemma3].contains(row.family)
        switch FileWord(name) {
        case "silu", "swish": return .silu
        // Early files of the Gemma line say so and mean the approximation.
        case "gelu": return isGemma ? .geluTanh : .gelu
        case "gelu_python": return .gelu
        case "gelu_pytorch_tanh", "gelu_new", "gelu_fast": return .geluTanh
        default: throw keys.unsupported(key, .string(name), "silu, gelu, gelu_new or gelu_pytorch_tanh")
        }
    }
}
