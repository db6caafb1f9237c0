import PinionModelFiles
import PinionTensor

extension Hyperparameters {
    var shape: ModelShape {
        ModelShape(
            vocabulary: vocabulary, contextLength: contextLength,
            cache: KVCache.Shape(layers: layers, heads: cacheHeads, headDimension: headDimension),
            draftedTokens: draftedTokens)
    }

    /// The longest step whose experts read no more than one token reads of everything else, and one token's experts: n with
    /// (n - 1) * experts <= rest. Two at least, because a text that repeats itself takes the same experts again.
    private var draftedTokens: Int? {
        guard let experts else { return nil }
        // All in rows of as many weights as the model is wide: gate, up and down of a block; query, key, value and output.
        let matrices = 3
        let mixtures = experts.layers.count { $0 }
        let chosenRows = matrices * experts.chosen * experts.feedForward * mixtures
        let blockRows = matrices * (experts.sharedFeedForward * mixtures + feedForward * (layers - mixtures))
        let attentionRows = 2 * (heads + cacheHeads) * headDimension * layers
        return 1 + max(1, (blockRows + attentionRows + vocabulary) / chosenRows)
    }
}
