/// The metadata of a GGUF file that describe a decoder's experts.
///
/// llama.cpp's readers take most of it for granted: each family's layers with experts, and whether weights are divided by
/// their sum. *Therefore* what differs is refused, though our reader knows a key for some of it: llama.cpp would pass over
/// the key and compute something else.
struct ExpertsInGGUF {
    private(set) var entries: [(key: String, value: GGUFValue)] = []
    private let family: ModelFamily
    private let path: String

    /// - Throws: ``ModelError`` for a family or for numbers that the format has no words for.
    init(_ numbers: Hyperparameters, _ family: ModelFamily, path: String) throws(ModelError) {
        self.family = family
        self.path = path
        guard let experts = numbers.experts else {
            guard family.needsExperts else { return }
            throw unsayable("a model without experts in any layer")
        }
        guard family.needsExperts || family == .llama || family == .granitemoe else {
            throw ModelError(
                .unsupportedArchitecture,
                "\(path): a folder of \(family.rawValue) cannot be written as a GGUF file; serve the folder itself, with "
                    + "--quantize")
        }
        try check(experts)
        add("expert_count", experts.count)
        add("expert_used_count", experts.chosen)
        switch family {
        case .qwen2moe, .qwen3moe:
            add("expert_feed_forward_length", experts.feedForward)
            if family == .qwen2moe { add("expert_shared_feed_forward_length", experts.sharedFeedForward) }
        case .granitemoe where experts.sharedFeedForward > 0:
            add("expert_shared_feed_forward_length", experts.sharedFeedForward)
        case .glm4moe: addGLM(experts)
        // An expert is as wide as the file's feed-forward length says.
        default: break
        }
    }

    private mutating func add(_ key: String, _ value: Int) { entries.append((key, .uint32(UInt32(value)))) }

    private mutating func addGLM(_ experts: Hyperparameters.Experts) {
        add("expert_feed_forward_length", experts.feedForward)
        // The shared experts are stored as one; the key holds its width in widths of an expert.
        add("expert_shared_count", experts.sharedFeedForward / experts.feedForward)
        add("leading_dense_block_count", experts.layers.prefix { !$0 }.count)
        add("expert_group_count", experts.groups)
        add("expert_group_used_count", experts.chosenGroups)
        entries.append(("expert_gating_func", .uint32(UInt32(Hyperparameters.sigmoidCode))))
        entries.append(("expert_weights_scale", .float32(experts.factor)))
        entries.append(("expert_weights_norm", .bool(experts.isNormalised)))
    }

    private func check(_ experts: Hyperparameters.Experts) throws(ModelError) {
        let dense = family == .glm4moe ? experts.layers.prefix { !$0 }.count : 0
        guard experts.layers.dropFirst(dense).allSatisfy({ $0 }) else {
            throw unsayable("a layer without experts among others (mlp_only_layers, decoder_sparse_step)")
        }
        // llama.cpp stops at such a file.
        guard experts.groups == 1 || experts.groups < experts.count else {
            throw unsayable("n_group \(experts.groups) of as many experts")
        }
        guard family == .glm4moe || experts.isNormalised == (family != .qwen2moe) else {
            throw unsayable("norm_topk_prob \(experts.isNormalised)")
        }
    }

    private func unsayable(_ what: String) -> ModelError {
        ModelError(
            .unsupportedArchitecture,
            "\(path): \(what) cannot be said in a GGUF file of the family \(family.rawValue); serve the folder itself, with "
                + "--quantize")
    }
}

extension ModelFamily {
    /// Whether llama.cpp refuses files of the family without experts.
    fileprivate var needsExperts: Bool { self == .qwen2moe || self == .qwen3moe || self == .glm4moe }
}
