package import PinionTensor

/// What the engine needs to know of a model.
package struct ModelShape: Sendable, Equatable {
    /// Token ids are in `0..<vocabulary`.
    package var vocabulary: Int
    /// Tokens that the model was made for: the upper bound of any context.
    package var contextLength: Int
    package var cache: KVCache.Shape

    package init(vocabulary: Int, contextLength: Int, cache: KVCache.Shape) {
        self.vocabulary = vocabulary
        self.contextLength = contextLength
        self.cache = cache
    }
}

/// What a model will take, known before it is loaded.
package struct ModelPlan: Sendable, Equatable {
    package var shape: ModelShape
    /// Working buffers for the largest step.
    package var bufferBytes: Int

    package init(shape: ModelShape, bufferBytes: Int) {
        self.shape = shape
        self.bufferBytes = bufferBytes
    }
}

/// Bounds of one step, for which a model reserves its buffers when it is loaded.
package struct StepLimits: Sendable, Equatable {
    /// Tokens of all sequences together in one step.
    package var tokens: Int
    /// Rows of logits in one step.
    package var outputs: Int

    package init(tokens: Int, outputs: Int) {
        precondition(tokens > 0 && outputs > 0, "a step computes something")
        self.tokens = tokens
        self.outputs = outputs
    }
}

/// The tokens of one step: any mix of prompts and single next tokens.
///
/// Reused from step to step, so that filling it allocates nothing once it has grown.
package struct StepBatch {
    package var tokens: [Int32] = []
    /// Position of each token in its sequence.
    package var positions: [Int32] = []
    /// Where each token's block table starts in ``tables``.
    package var tableStarts: [Int32] = []
    /// Cache blocks of the sequences, one table after the other.
    package var tables: [Int32] = []
    /// Indexes into ``tokens`` whose logits are wanted, in the order of the result's rows.
    package var outputs: [Int32] = []

    package init() {}

    package mutating func removeAll() {
        tokens.removeAll(keepingCapacity: true)
        positions.removeAll(keepingCapacity: true)
        tableStarts.removeAll(keepingCapacity: true)
        tables.removeAll(keepingCapacity: true)
        outputs.removeAll(keepingCapacity: true)
    }

    /// Adds consecutive tokens of one sequence.
    ///
    /// - Parameters:
    ///   - tokens: Token ids from position `start` on.
    ///   - table: Cache blocks of the sequence, covering at least `start + tokens.count` positions.
    ///   - wantsOutput: Whether the logits after the last token are wanted.
    package mutating func append(
        _ newTokens: some Collection<Int32>, start: Int, table: [Int32], wantsOutput: Bool
    ) {
        let tableStart = Int32(tables.count)
        tables.append(contentsOf: table)
        for (offset, token) in newTokens.enumerated() {
            tokens.append(token)
            positions.append(Int32(start + offset))
            tableStarts.append(tableStart)
        }
        if wantsOutput { outputs.append(Int32(tokens.count - 1)) }
    }
}

/// A loaded model with its working buffers.
///
/// Not `Sendable`: created on the engine thread, and never leaves it.
package protocol LanguageModel: AnyObject {
    var shape: ModelShape { get }

    /// Computes one step: stores the keys and values of every token, and the logits that were asked for.
    ///
    /// Each token attends to its own sequence's positions up to its own, so a batch must hold a sequence's tokens in
    /// order and everything before them must be in the cache.
    /// - Returns: `[batch.outputs.count, vocabulary]`, valid until the next call; the caller may overwrite it.
    func forward(_ batch: StepBatch, cache: KVCache) -> UnsafeMutablePointer<Float>
}
