import PinionTensor

extension Hyperparameters {
    /// From a folder's `config.json`, in either spelling.
    ///
    /// - Throws: ``ModelError`` naming the key, what was found and what was expected; also for a key that is not known.
    init(_ configuration: FolderConfiguration, _ row: FolderFamily) throws(ModelError) {
        self.init()
        let keys = KeyReader(path: configuration.path, spell: { "'\($0)'" }) { key in
            configuration[key] ?? (configuration.has(key) ? nil : row.defaults[key])
        }
        try readSizes(keys, row)
        if !row.family.learnsPositions {
            var reader = FolderRotary(keys, configuration, row)
            rotary = try reader.rotary(headDimension: headDimension, contextLength: contextLength)
            temperature = try reader.temperature(contextLength: contextLength)
        }
        try readWindow(keys, configuration, row)
        try readAttention(keys, row)
        try readFactors(keys, row)
        try check(configuration.path)
        for entry in configuration.entries {
            guard let value = entry.value, !keys.wasUsed(entry.key), !FolderKeys.isHarmless(entry.key, value) else {
                continue
            }
            throw keys.unknown(entry.key, value)
        }
    }

    private mutating func readSizes(_ keys: KeyReader, _ row: FolderFamily) throws(ModelError) {
        layers = try keys.int(keys.spelling("num_hidden_layers", "n_layer"), in: 1...Self.maximumLayers)
        width = try keys.int(keys.spelling("hidden_size", "n_embd"), in: 1...Self.maximumWidth)
        feedForward = try keys.int(
            keys.spelling("intermediate_size", "n_inner"), in: 1...Self.maximumWidth,
            default: row.family == .gpt2 ? 4 * width : nil)
        heads = try keys.int(keys.spelling("num_attention_heads", "n_head"), in: 1...Self.maximumHeads)
        cacheHeads = try keys.int("num_key_value_heads", in: 1...heads, default: heads)
        headDimension = try keys.int(
            "head_dim", in: 1...Self.maximumHeadDimension, default: max(1, width / heads))
        contextLength = try keys.int(
            keys.spelling("max_position_embeddings", "n_positions"), in: 1...Self.maximumContext)
        normEpsilon = Float(try keys.positive(row.family.hasLayerNorm ? "layer_norm_epsilon" : "rms_norm_eps"))
        vocabulary = try keys.int("vocab_size", in: 1...Self.maximumVocabulary)
        experts = try FolderExperts(keys, row).experts(layers: layers, feedForward: feedForward)
    }

    private mutating func readWindow(
        _ keys: KeyReader, _ configuration: FolderConfiguration, _ row: FolderFamily
    ) throws(ModelError) {
        if row.family == .smollm3 {
            let interval = try keys.int("no_rope_layer_interval", in: 1...Self.maximumLayers)
            rotatedLayers = Self.windowed(layers, period: interval)
            if let value = keys.value("no_rope_layers") {
                guard let flags = value.integers, flags.count >= layers else {
                    throw keys.wrong("no_rope_layers", value, "a 1 or 0 for each of \(layers) layers")
                }
                rotatedLayers = flags.prefix(layers).map { $0 != 0 }
            }
        }
        guard
            [
                "mistral", "mixtral", "ministral3", "qwen2", "qwen3", "qwen2_moe", "qwen3_moe", "gemma2",
                "gemma3_text", "phi3", "smollm3", "olmo3", "gpt_oss",
            ].contains(row.modelType)
        else { return }
        let isSwitched = ["qwen2", "qwen3", "qwen2_moe", "qwen3_moe", "smollm3"].contains(row.modelType)
        let isOn = try isSwitched ? keys.flag("use_sliding_window", default: false) : true
        let length = try keys.value("sliding_window").flatMap { _ throws(ModelError) in
            // Where windows are off, their length may be 0.
            isOn ? try keys.int("sliding_window", in: 1...Self.maximumContext) : nil
        }
        var windowed = [Bool](repeating: true, count: layers)
        switch row.modelType {
        case "qwen2", "qwen3", "qwen2_moe":
            let first = try keys.int("max_window_layers", in: 0...Self.maximumLayers)
            windowed = (0..<layers).map { $0 >= first }
        // In Qwen 3's mixtures all layers have the window.
        case "qwen3_moe": _ = keys.value("max_window_layers")
        case "smollm3": windowed = rotatedLayers.map { !$0 }
        case "gpt_oss": windowed = Self.windowed(layers, period: row.family.windowPeriod)
        case "gemma2", "gemma3_text", "olmo3":
            let key =
                configuration.has("_sliding_window_pattern") ? "_sliding_window_pattern" : "sliding_window_pattern"
            if let value = keys.value("sliding_window_pattern"),
                let flags = value.bools ?? value.integers?.map({ $0 != 0 })
            {
                guard flags.count == layers else {
                    throw keys.wrong("sliding_window_pattern", value, "\(layers) values")
                }
                windowed = flags
            } else {
                let fallback = row.defaults["sliding_window_pattern"]?.int
                let period = try keys.int(key, in: 1...Self.maximumLayers, default: fallback)
                windowed = Self.windowed(layers, period: period)
            }
        default: break
        }
        if !["mistral", "mixtral", "ministral3", "qwen3_moe", "phi3"].contains(row.modelType),
            let value = keys.value("layer_types")
        {
            windowed = try Self.layerTypes(value, layers, keys)
        }
        if isOn, let length, windowed.contains(true) { window = Window(length: length, layers: windowed) }
    }

    private static func layerTypes(
        _ value: MetadataValue, _ layers: Int, _ keys: KeyReader
    ) throws(ModelError) -> [Bool] {
        guard let names = value.strings, names.count == layers else {
            throw keys.wrong("layer_types", value, "a name for each of \(layers) layers")
        }
        var windowed: [Bool] = []
        for name in names {
            switch FileWord(name) {
            case "sliding_attention": windowed.append(true)
            case "full_attention": windowed.append(false)
            default: throw keys.unsupported("layer_types", .string(name), "sliding_attention or full_attention")
            }
        }
        return windowed
    }

    private mutating func readAttention(_ keys: KeyReader, _ row: FolderFamily) throws(ModelError) {
        switch row.family {
        case .gemma2, .gemma3:
            attentionScale = Float(1 / (try keys.positive("query_pre_attn_scalar")).squareRoot())
            attentionSoftCap = try keys.positiveIfAny("attn_logit_softcapping").map(Float.init)
            logitSoftCap = try keys.positiveIfAny("final_logit_softcapping").map(Float.init)
        case .granite, .granitemoe: attentionScale = Float(try keys.positive("attention_multiplier"))
        case .gpt2:
            if try !keys.flag("scale_attn_weights", default: true) { attentionScale = 1 }
        default: break
        }
        // In GPT-2 every projection has a bias; in Qwen 2 the projections of queries, keys and values have one.
        let hasBiases = row.family == .gpt2 || row.family == .qwen2
        let bias = row.family == .qwen2moe ? "qkv_bias" : "attention_bias"
        attentionBias = hasBiases ? true : try keys.flag(bias, default: row.family == .qwen2moe)
        if row.family == .glm4moe { hasHeadNorms = try keys.flag("use_qk_norm", default: false) }
        feedForwardBias = row.family == .gpt2 ? true : try keys.flag("mlp_bias", default: false)
        for key in ["use_bidirectional_attention", "scale_attn_by_inverse_layer_idx", "add_cross_attention"] {
            if try keys.flag(key, default: false) { throw keys.unsupported(key, .bool(true), "false") }
        }
    }

    private mutating func readFactors(_ keys: KeyReader, _ row: FolderFamily) throws(ModelError) {
        activation = try FolderKeys.activation(keys, row)
        guard row.family.hasFactors else { return }
        embeddingFactor = Float(try keys.positive("embedding_multiplier", default: 1))
        residualFactor = Float(try keys.positive("residual_multiplier", default: 1))
        logitDivisor = Float(try keys.positive("logits_scaling", default: 1))
    }
}
