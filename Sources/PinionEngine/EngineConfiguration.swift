package import PinionModels
package import PinionTensor

/// How an engine is set up.
package struct EngineConfiguration: Sendable {
    package static let standardContext = 8192
    package static let standardSequences = 16
    package static let standardTokensPerStep = 512
    /// Sequences that wait for a place, beyond which new requests are refused; each choice of a request is one.
    package static let standardWaiting = 256
    /// Tokens up to which drafts may fill a step. While a step streams all weights for a few tokens, some more cost little;
    /// with this many sequences and more it is arithmetic that takes the time.
    package static let draftedStep = 16

    /// Tokens of prompt and reply; nil for the model's own, but at most ``standardContext``.
    package var contextLength: Int?
    package var maximumSequences = standardSequences
    package var maximumWaiting = standardWaiting
    package var tokensPerStep = standardTokensPerStep
    /// Whether sequences that repeat themselves are computed several tokens ahead. The tokens are the same either way.
    package var speculation = true
    /// What keys and values are kept as.
    package var cacheType = KVCache.ElementType.f16
    /// Worker threads; nil for as many as the machine gives this process.
    package var threads: Int?
    /// Bytes for weights, buffers and KV cache together; nil for most of what is free at the start.
    package var memory: Int?
    /// Bytes of ``memory`` that the bodies of requests take before they become prompts.
    package var bodyMemory = 0

    /// Told what the engine does.
    package var observer: (any EngineObserver)?

    package init() {}

    /// Tokens in a step, and rows of logits: every running sequence may be sampled, and so may every token of a step with
    /// drafts.
    package var stepLimits: StepLimits {
        let limits = schedulerLimits
        return StepLimits(tokens: limits.tokensPerStep, outputs: max(limits.sequences, limits.draftedStep))
    }

    var schedulerLimits: Scheduler.Limits {
        let tokens = max(tokensPerStep, maximumSequences)
        return .init(
            tokensPerStep: tokens, sequences: maximumSequences,
            draftedStep: speculation ? min(Self.draftedStep, tokens) : 0)
    }
}

/// What a started engine says of itself.
package struct EngineDescription: Sendable {
    package let shape: ModelShape
    /// Tokens of prompt and reply that a sequence may have.
    package let contextLength: Int
    package let memory: MemoryPlan
    package let workers: Int
    /// Name of the kernel set.
    package let kernels: String
    /// What the numbers depend on, beside the model: the kernel set and what the cache holds.
    package var numerics: String { "\(kernels) \(shape.cache.elementType.rawValue)" }
    /// Digest of the model file's bytes.
    package let digest: UInt64
}
