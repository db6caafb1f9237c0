import PinionTensor

/// Reads what a folder's configuration says of experts, each line of models under keys of its own.
struct FolderExperts {
    private typealias Experts = Hyperparameters.Experts

    private let keys: KeyReader
    private let row: FolderFamily

    init(_ keys: KeyReader, _ row: FolderFamily) {
        self.keys = keys
        self.row = row
    }

    /// - Parameter feedForward: The width of dense blocks; in some lines that of an expert.
    /// - Returns: nil for a model without experts.
    /// - Throws: ``ModelError`` naming the key, what was found and what was expected.
    func experts(layers: Int, feedForward: Int) throws(ModelError) -> Hyperparameters.Experts? {
        switch row.modelType {
        case "mixtral": return try experts("num_local_experts", feedForward, layers)
        case "granitemoe", "granitemoeshared":
            var experts = try experts("num_local_experts", feedForward, layers)
            experts.sharedFeedForward = try width("shared_intermediate_size", default: 0)
            return experts
        case "qwen2_moe", "qwen3_moe": return try qwen(layers)
        case "glm4_moe": return try glm4(layers)
        case "gpt_oss": return try gptOss(feedForward, layers)
        default: return nil
        }
    }

    private func experts(_ key: String, _ feedForward: Int, _ layers: Int) throws(ModelError) -> Experts {
        let count = try keys.int(key, in: 1...Experts.maximumCount)
        return Experts(
            count: count, chosen: try keys.int("num_experts_per_tok", in: 1...count), feedForward: feedForward,
            layers: Array(repeating: true, count: layers))
    }

    private func width(_ key: String, default fallback: Int? = nil) throws(ModelError) -> Int {
        try keys.int(key, in: (fallback ?? 1)...Hyperparameters.maximumWidth, default: fallback)
    }

    private func qwen(_ layers: Int) throws(ModelError) -> Experts {
        let key = keys.spelling("num_local_experts", "num_experts")
        let step = try keys.int("decoder_sparse_step", in: 1...Hyperparameters.maximumLayers)
        let dense = try layerNumbers("mlp_only_layers")
        let isNormalised = try keys.flag("norm_topk_prob", default: false)
        var experts = try experts(key, try width("moe_intermediate_size"), layers)
        experts.layers = (0..<layers).map { ($0 + 1) % step == 0 && !dense.contains(Int64($0)) }
        experts.isNormalised = isNormalised
        if row.family == .qwen2moe {
            experts.sharedFeedForward = try width("shared_expert_intermediate_size")
            experts.hasSharedGate = true
        }
        return experts
    }

    private func layerNumbers(_ key: String) throws(ModelError) -> [Int64] {
        guard let value = keys.value(key) else { return [] }
        guard let numbers = value.integers else {
            throw keys.wrong(key, value, "numbers of layers")
        }
        return numbers
    }

    private func gptOss(_ feedForward: Int, _ layers: Int) throws(ModelError) -> Experts {
        var experts = try experts("num_local_experts", feedForward, layers)
        experts.scoring = .softmaxOfChosen
        // The release's own configuration says it twice.
        let told = try keys.int("experts_per_token", in: 1...experts.count, default: experts.chosen)
        guard told == experts.chosen else {
            throw keys.wrong("experts_per_token", .unsigned(UInt64(told)), "num_experts_per_tok, \(experts.chosen)")
        }
        return experts
    }

    private func glm4(_ layers: Int) throws(ModelError) -> Experts {
        let dense = try keys.int("first_k_dense_replace", in: 0...layers)
        // The layers that predict further tokens come after the model's, and are not read.
        _ = try keys.int("num_nextn_predict_layers", in: 0...Hyperparameters.maximumLayers, default: 0)
        let shared = try keys.int("n_shared_experts", in: 0...Experts.maximumCount)
        var experts = try experts("n_routed_experts", try width("moe_intermediate_size"), layers)
        experts.layers = (0..<layers).map { $0 >= dense }
        experts.sharedFeedForward = shared * experts.feedForward
        experts.scoring = .sigmoid
        experts.hasChoiceBias = true
        experts.isNormalised = try keys.flag("norm_topk_prob", default: true)
        experts.factor = Float(try keys.positive("routed_scaling_factor"))
        experts.groups = try keys.int("n_group", in: 1...experts.count)
        experts.chosenGroups = try keys.int("topk_group", in: 1...experts.groups)
        // All groups are as good as one.
        if experts.chosenGroups == experts.groups { (experts.groups, experts.chosenGroups) = (1, 1) }
        return experts
    }
}
