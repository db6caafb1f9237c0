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
