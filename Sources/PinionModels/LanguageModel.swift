package import PinionModelFiles
package import PinionTensor

/// What the engine needs to know of a model.
package struct ModelShape: Sendable, Equatable {
    /// Token ids are in `0..<vocabulary`.
    package var vocabulary: Int
    /// Tokens that the model was made for: the upper bound of any context.
    package var contextLength: Int
    package var cache: KVCache.Shape
    /// The longest step with drafts, in tokens, that reads at most about twice the weights of a step of one token: drafts
    /// have experts of their own. nil for models that read the same weights for a few tokens as for one.
    package var draftedTokens: Int?

    package init(vocabulary: Int, contextLength: Int, cache: KVCache.Shape, draftedTokens: Int? = nil) {
        self.vocabulary = vocabulary
        self.contextLength = contextLength
        self.cache = cache
        self.draftedTokens = draftedTokens
    }
}

/// What a model will take, known before it is loaded.
package struct ModelPlan: Sendable, Equatable {
    package var shape: ModelShape
    /// Matrices as they are packed in memory.
    package var weightBytes: Int
    /// Working buffers for the largest step.
    package var bufferBytes: Int

    package init(shape: ModelShape, weightBytes: Int, bufferBytes: Int) {
        self.shape = shape
        self.weightBytes = weightBytes
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
    /// - Throws: ``ModelError`` when the model cannot go on; neither it nor the cache is of any use then.
    func forward(_ batch: StepBatch, cache: KVCache) throws(ModelError) -> UnsafeMutablePointer<Float>
}
