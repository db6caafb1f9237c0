package import PinionModels
package import PinionTensor

/// How an engine is set up.
package struct EngineConfiguration: Sendable {
    package static let defaultContext = 8192
    package static let defaultSequences = 16
    package static let defaultTokensPerStep = 512
    /// Sequences that wait for a place, beyond which new requests are refused; each choice of a request is one.
    package static let defaultWaiting = 256
    /// What keys and values are kept as.
    package static let defaultCacheType = KVCache.ElementType.f16
    /// Tokens up to which drafts may fill a step. While a step streams all weights for a few tokens, some more cost little;
    /// with this many sequences and more it is arithmetic that takes the time.
    package static let draftedStep = 16

    /// Tokens of prompt and reply; nil for the model's own, but at most ``defaultContext``.
    package var contextLength: Int?
    package var maximumSequences = defaultSequences
    package var maximumWaiting = defaultWaiting
    package var tokensPerStep = defaultTokensPerStep
    /// Whether sequences that repeat themselves are computed several tokens ahead. The tokens are the same either way.
    package var speculation = true
    /// What keys and values are kept as.
    package var cacheType = defaultCacheType
    /// What float weights are packed as; nil leaves them as the files have them.
    package var quantisation: Quantisation?
    /// Worker threads; nil for as many as the machine gives this process.
    package var threads: Int?
    /// Where the engine has the memory from for weights, buffers and KV cache; all engines of a process share one.
    package var ledger = MemoryLedger.process
    /// Bytes of the engine's share that the bodies of requests take before they become prompts.
    package var bodyMemory = 0
    /// Bytes of the engine's share that are kept for the grammars of constrained replies.
    package var grammarMemory = 0

    /// Told what the engine does.
    package var observer: (any EngineObserver)?

    package init() {}

    /// Tokens in a step, and rows of logits: every running sequence may be sampled, and so may every token of a step with
    /// drafts.
    package var stepLimits: StepLimits {
        let limits = schedulerLimits
        return StepLimits(tokens: limits.tokensPerStep, outputs: max(limits.sequences, limits.draftedStep))
    }

    /// Drafts of a mixture are few, because each has experts of its own to read.
    func schedulerLimits(of shape: ModelShape) -> Scheduler.Limits {
        var limits = schedulerLimits
        limits.draftedStep = min(limits.draftedStep, shape.draftedTokens ?? .max)
        return limits
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
    /// What the KV cache keeps keys and values as.
    package let cacheType: KVCache.ElementType
    package let workers: Int
    /// Name of the kernel set.
    package let kernels: String
    /// What float weights were packed as; nil for what the files have.
    package let quantisation: Quantisation?
    /// What the numbers depend on, beside the model: the order of the operations, the kernel set, what the cache holds, what
    /// weights are packed as.
    package var numerics: String {
        (["\(Kernels.arithmeticRevision)", kernels, cacheType.rawValue] + [quantisation?.rawValue].compactMap { $0 })
            .joined(separator: " ")
    }
    /// Digest of the model file's bytes.
    package let digest: UInt64
}
