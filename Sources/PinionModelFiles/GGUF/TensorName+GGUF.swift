extension TensorName {
    /// The tensor's name in a GGUF file.
    var inGGUF: String {
        let stem =
            switch part {
            case .embedding: "token_embd"
            case .positions: "position_embd"
            case .finalNorm: "output_norm"
            case .head: "output"
            case .rotaryDivisors: "rope_freqs"
            case .longDivisors: "rope_factors_long"
            case .shortDivisors: "rope_factors_short"
            case .attentionNorm: "attn_norm"
            case .attentionPostNorm: "post_attention_norm"
            case .queryNorm: "attn_q_norm"
            case .keyNorm: "attn_k_norm"
            case .query: "attn_q"
            case .key: "attn_k"
            case .value: "attn_v"
            case .queryKeyValue: "attn_qkv"
            case .attentionOutput: "attn_output"
            case .feedForwardNorm: "ffn_norm"
            case .feedForwardPostNorm: "post_ffw_norm"
            case .gate: "ffn_gate"
            case .up, .gateUp: "ffn_up"
            case .down: "ffn_down"
            }
        let suffix = isBias ? "bias" : "weight"
        return layer.map { "blk.\($0).\(stem).\(suffix)" } ?? "\(stem).\(suffix)"
    }
}
