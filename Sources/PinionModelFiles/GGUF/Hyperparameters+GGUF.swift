import PinionTensor

extension Hyperparameters {
    /// Keys under the architecture's name that change no number, or that say again what tensors say.
    private static let harmless: Set<String> = [
        "vocab_size", "attention.layer_norm_epsilon", "attention.layer_norm_rms_epsilon", "rope.scaling.finetuned",
        "tensor_data_layout", "expert_used_count", "rope.dimension_count",
    ]

    /// How experts are scored, in GGML's numbers.
    fileprivate static let softmaxCode = 1
    static let sigmoidCode = 2
    fileprivate static let softmaxOfChosenCode = 3

    /// From the metadata of a GGUF file, whose keys begin with the architecture's name.
    ///
    /// - Throws: ``ModelError`` naming the key, what was found and what was expected; also for a key that is not known.
    init(_ file: GGUFModel, _ family: ModelFamily) throws(ModelError) {
        self.init()
        let prefix = family.rawValue + "."
        let keys = KeyReader(path: file.path, spell: { "metadata '\(prefix)\($0)'" }) { file[prefix + $0] }
        try readSizes(keys, file, family)
        if !family.learnsPositions { try readRotary(keys, file, family) }
        try readAttention(keys, family)
        try readFactors(keys, family)
        try check(file.path)
        for (key, value) in file.metadata where key.utf8.starts(with: prefix.utf8) {
            let name = String(key.dropFirst(prefix.count))
            if !keys.wasUsed(name) && !Self.harmless.contains(name) { throw keys.unknown(name, value) }
        }
    }

    private mutating func readSizes(
        _ keys: KeyReader, _ file: GGUFModel, _ family: ModelFamily
    ) throws(ModelError) {
        let blocks = try keys.int("block_count", in: 1...Self.maximumLayers)
        // The last blocks guess further tokens, which nothing here asks for.
        layers = blocks - (try keys.int("nextn_predict_layers", in: 0...blocks - 1, default: 0))
        width = try keys.int("embedding_length", in: 1...Self.maximumWidth)
        feedForward = try keys.int("feed_forward_length", in: 1...Self.maximumWidth)
        heads = try keys.int("attention.head_count", in: 1...Self.maximumHeads)
        cacheHeads = try keys.int("attention.head_count_kv", in: 1...heads, default: heads)
        let dimension = 1...Self.maximumHeadDimension
        headDimension = try keys.int("attention.key_length", in: dimension, default: width / heads)
        let values = try keys.int("attention.value_length", in: dimension, default: headDimension)
        guard values == headDimension else {
            throw ModelError(
                .unsupportedArchitecture,
                "\(file.path): heads of \(headDimension) keys, \(values) values are not supported, expected equal sizes"
            )
        }
        let epsilon = family.hasLayerNorm ? "attention.layer_norm_epsilon" : "attention.layer_norm_rms_epsilon"
        normEpsilon = Float(try keys.positive(epsilon))
        contextLength = try keys.int("context_length", in: 1...Self.maximumContext)
        try readExperts(keys, family)
        let name = TensorName(.embedding).inGGUF
        guard let embedding = file.tensor(named: name), embedding.shape.count == 2,
            (1...Self.maximumVocabulary).contains(embedding.shape[1])
        else { throw ModelError(.invalidTensor, "\(file.path): has no matrix '\(name)'") }
        vocabulary = embedding.shape[1]
        if family == .glm4moe { hasHeadNorms = file.tensor(named: TensorName(.queryNorm, layer: 0).inGGUF) != nil }
    }

    private mutating func readExperts(_ keys: KeyReader, _ family: ModelFamily) throws(ModelError) {
        let count = try keys.int("expert_count", in: 0...Experts.maximumCount, default: 0)
        guard count > 0 else { return }
        guard family.mayHaveExperts else {
            throw ModelError(
                .unsupportedArchitecture, "\(keys.path): mixtures of experts are not supported in \(family.rawValue)")
        }
        let chosen = try keys.int("expert_used_count", in: 1...count)
        let width = family.feedForwardIsExperts ? feedForward : max(1, feedForward / chosen)
        let told = try keys.int("expert_feed_forward_length", in: 0...Self.maximumWidth, default: width)
        let dense = try keys.int("leading_dense_block_count", in: 0...layers, default: 0)
        var experts = Experts(
            count: count, chosen: chosen, feedForward: told == 0 ? width : told,
            layers: (0..<layers).map { $0 >= dense })
        let shared = try keys.int("expert_shared_count", in: 0...Experts.maximumCount, default: 0)
        let sharedWidth = family == .qwen2moe ? feedForward : shared * experts.feedForward
        let toldShared = try keys.int(
            "expert_shared_feed_forward_length", in: 0...Self.maximumWidth, default: sharedWidth)
        experts.sharedFeedForward = toldShared == 0 ? sharedWidth : toldShared
        experts.hasSharedGate = family == .qwen2moe
        experts.hasChoiceBias = family == .glm4moe
        let code = try keys.int(
            "expert_gating_func", in: Self.softmaxCode...Self.softmaxOfChosenCode, default: family.scoringCode)
        switch code {
        case Self.softmaxCode: experts.scoring = .softmax
        case Self.sigmoidCode: experts.scoring = .sigmoid
        default: experts.scoring = .softmaxOfChosen
        }
        // Of these families Qwen 2 and GLM 4 normalise only if the file says so, as llama.cpp has it.
        experts.isNormalised = try keys.flag(
            "expert_weights_norm", default: family != .qwen2moe && family != .glm4moe)
        // 0 stands for no factor.
        let factor = "expert_weights_scale"
        if keys.value(factor)?.double != 0 { experts.factor = Float(try keys.positive(factor, default: 1)) }
        experts.groups = max(1, try keys.int("expert_group_count", in: 0...count, default: 1))
        experts.chosenGroups = max(1, try keys.int("expert_group_used_count", in: 0...experts.groups, default: 1))
        self.experts = experts
    }

    private mutating func readRotary(
        _ keys: KeyReader, _ file: GGUFModel, _ family: ModelFamily
    ) throws(ModelError) {
        let dimensions = try keys.int(
            "rope.dimension_count", in: 2...Self.maximumHeadDimension, default: headDimension)
        let base = try keys.positive("rope.freq_base", default: 10_000)
        let scaling = try Self.scaling(keys, file, family, contextLength: contextLength)
        var rotary = Rotary(
            dimensions: dimensions, pairing: family.pairing,
            frequencies: Rotary.Frequencies(base: base, scaling: scaling))
        let windowedBase = try keys.positiveIfAny("rope.freq_base_swa") ?? family.windowedBase ?? base
        let windowed = Rotary.Frequencies(base: windowedBase, scaling: family.scalesFullLayersOnly ? .none : scaling)
        if windowed != rotary.frequencies { rotary.windowedFrequencies = windowed }
        self.rotary = rotary
        let period = family.unrotatedPeriod
        if period > 0 { rotatedLayers = Self.windowed(layers, period: period) }
    }

    private static func scaling(
        _ keys: KeyReader, _ file: GGUFModel, _ family: ModelFamily, contextLength: Int
    ) throws(ModelError) -> Rotary.Scaling {
        let key = "rope.scaling.type"
        let original = try keys.int(
            "rope.scaling.original_context_length", in: 1...maximumContext, default: contextLength)
        let amplitude = try keys.positive("rope.scaling.attn_factor", default: 1)
        let isLong = file.tensor(named: TensorName(.longDivisors).inGGUF) != nil
        switch keys.value(key) {
        case nil where isLong, .string("longrope"):
            return .longRope(Rotary.LongRope(original: original, amplitude: amplitude))
        case nil:
            // A factor alone means linear scaling; "scale_linear" is the key's older name.
            let older = try keys.positive("rope.scale_linear", default: 1)
            let factor = try keys.positive("rope.scaling.factor", default: older)
            return factor == 1 ? .none : .linear(factor)
        case .string("none"): return .none
        case .string("linear"): return .linear(try keys.positive("rope.scaling.factor"))
        case .string("yarn"):
            let factor = try keys.positive("rope.scaling.factor")
            let weight = try keys.positiveIfAny("rope.scaling.yarn_log_multiplier")
            let told = try keys.positiveIfAny("rope.scaling.yarn_attn_factor")
            let own = Rotary.Yarn.amplitude(factor)
            let computed = weight.map { own / Rotary.Yarn.amplitude(factor, weight: $0) } ?? own
            guard try keys.positive("rope.scaling.yarn_ext_factor", default: 1) == 1 else {
                throw ModelError(
                    .unsupportedArchitecture,
                    "\(file.path): an extrapolation factor other than 1 (yarn_ext_factor) is not supported")
            }
            return .yarn(
                Rotary.Yarn(
                    factor: factor, original: original,
                    fast: try keys.positive("rope.scaling.yarn_beta_fast", default: 32),
                    slow: try keys.positive("rope.scaling.yarn_beta_slow", default: 1),
                    isTruncated: family.truncatesYarn, amplitude: (told ?? computed) * amplitude))
        case let other?:
            throw ModelError(
                .unsupportedArchitecture,
                "\(file.path): rotary scaling \(other.summary) is not supported, expected none, linear, yarn or longrope"
            )
        }
    }

    private mutating func readAttention(_ keys: KeyReader, _ family: ModelFamily) throws(ModelError) {
        let length = try keys.int(
            "attention.sliding_window", in: 0...Self.maximumContext, default: family.defaultWindow)
        let pattern = "attention.sliding_window_pattern"
        var windowed = Self.windowed(layers, period: family.windowPeriod)
        switch keys.value(pattern) {
        case nil: break
        case .bools(let values)? where values.count == layers: windowed = values
        case .integers(let values)? where values.count == layers: windowed = values.map { $0 != 0 }
        case let value?:
            guard let period = value.int, (0...layers).contains(period) else {
                throw keys.wrong(pattern, value, "a period, or a truth value for each of \(layers) layers")
            }
            windowed = Self.windowed(layers, period: period)
        }
        if length > 0 { window = Window(length: length, layers: windowed) }
        attentionScale = try keys.positiveIfAny("attention.scale").map(Float.init)
        if attentionScale == nil, layers == family.layersOfWideScale {
            attentionScale = 1 / Float(width / heads).squareRoot()
        }
        let caps = family.defaultSoftCaps
        attentionSoftCap = (try keys.positiveIfAny("attn_logit_softcapping") ?? caps?.attention).map(Float.init)
        logitSoftCap = (try keys.positiveIfAny("final_logit_softcapping") ?? caps?.logits).map(Float.init)
        if let factor = try keys.positiveIfAny("attention.temperature_scale") {
            let original = try keys.int(
                "rope.scaling.original_context_length", in: 1...Self.maximumContext, default: contextLength)
            let length = try keys.int("attention.temperature_length", in: 1...Self.maximumContext, default: original)
            temperature = Temperature(factor: factor, length: length)
        }
        guard try keys.flag("attention.causal", default: true) else {
            throw ModelError(
                .unsupportedArchitecture, "\(keys.path): attention that sees later tokens is not supported")
        }
    }

    private mutating func readFactors(_ keys: KeyReader, _ family: ModelFamily) throws(ModelError) {
        guard family.hasFactors else { return }
        embeddingFactor = Float(try keys.positive("embedding_scale", default: 1))
        residualFactor = Float(try keys.positive("residual_scale", default: 1))
        logitDivisor = Float(try keys.positive("logit_scale"))
        guard try keys.flag("rope.scaling.finetuned", default: true) else {
            throw ModelError(.unsupportedArchitecture, "\(keys.path): Granite without rotation is not supported")
        }
    }
}

extension ModelFamily {
    /// How experts are scored where a file does not tell it.
    fileprivate var scoringCode: Int {
        switch self {
        case .glm4moe: Hyperparameters.sigmoidCode
        case .gptOss: Hyperparameters.softmaxOfChosenCode
        default: Hyperparameters.softmaxCode
        }
    }
}
