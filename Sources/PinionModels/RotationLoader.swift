import Foundation
import PinionModelFiles
import PinionTensor

/// Makes the rotations of a model from its numbers, and from tensors where the files hold divisors in some.
struct RotationLoader {
    let numbers: Hyperparameters
    let context: LoadContext

    /// That of all layers, and that of layers with a window where it is another; none where positions are learned.
    func rotations(_ loader: inout WeightLoader) throws(ModelError) -> [RotaryEmbedding] {
        guard let rotary = numbers.rotary else { return [] }
        let pairs = rotary.dimensions / 2
        let divisors = try loader.vectorIfAny(TensorName(.rotaryDivisors), count: pairs)?.values ?? []
        var full = rotary.frequencies
        if case .longRope(var long) = full.scaling {
            if long.short == nil { long.short = try loader.vector(TensorName(.shortDivisors), count: pairs).values }
            if long.long == nil { long.long = try loader.vector(TensorName(.longDivisors), count: pairs).values }
            for list in [long.short, long.long] where list?.count != pairs {
                throw ModelError(
                    .invalidConfiguration,
                    "\(loader.package.path): LongRoPE has \(list?.count ?? 0) divisors, expected \(pairs)")
            }
            full.scaling = .longRope(long)
        }
        var all = [(frequencies: full, divisors: divisors)]
        // Divisors, like scalings, are for layers that see all tokens.
        if let windowed = rotary.windowedFrequencies { all.append((windowed, [])) }
        var rotations: [RotaryEmbedding] = []
        for (frequencies, divisors) in all {
            let rotation = Rotation(
                frequencies, dimensions: rotary.dimensions, divisors: divisors,
                context: context.contextLength ?? numbers.contextLength)
            do {
                rotations.append(
                    try RotaryEmbedding(
                        pairing: rotary.pairing, frequencies: rotation.frequencies, amplitude: rotation.amplitude,
                        capacity: context.limits.tokens))
            } catch { throw ModelError(error) }
        }
        return rotations
    }
}

extension Hyperparameters.Temperature {
    /// What a query at a position grows by.
    func factor(position: Int) -> Float {
        Float(1 + factor * log(1 + Double(position / length)))
    }
}

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
