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
            case .sinks: "attn_sinks"
            case .feedForwardNorm: "ffn_norm"
            case .feedForwardPostNorm: "post_ffw_norm"
            case .gate: "ffn_gate"
            case .up, .gateUp: "ffn_up"
            case .down: "ffn_down"
            case .router: "ffn_gate_inp"
            case .choiceBias: "exp_probs_b"
            case .expertGate: expert == nil ? "ffn_gate_exps" : "ffn_gate"
            case .expertUp: expert == nil ? "ffn_up_exps" : "ffn_up"
            case .expertDown: expert == nil ? "ffn_down_exps" : "ffn_down"
            case .expertGateUp: "ffn_gate_up_exps"
            case .sharedGate: "ffn_gate_shexp"
            case .sharedUp: "ffn_up_shexp"
            case .sharedDown: "ffn_down_shexp"
            case .sharedGateUp: "ffn_gate_up_shexp"
            case .sharedScale: "ffn_gate_inp_shexp"
            }
        let end = isBias || part == .choiceBias ? "bias" : "weight"
        let suffix = expert.map { "\($0).\(end)" } ?? end
        return layer.map { "blk.\($0).\(stem).\(suffix)" } ?? "\(stem).\(suffix)"
    }
}
