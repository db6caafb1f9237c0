import Foundation
package import PinionTensor

/// How queries and keys are rotated by their positions.
package struct Rotary: Sendable, Equatable {
    /// Leading elements of each head that are rotated.
    package var dimensions: Int
    package var pairing: RotaryEmbedding.Pairing
    package var frequencies: Frequencies
    /// Of layers with a window; nil for the same.
    package var windowedFrequencies: Frequencies?

    /// Angles of pair i advance by `base ^ (-2 i / dimensions)` a position, before they are scaled.
    package struct Frequencies: Sendable, Equatable {
        package var base: Double
        package var scaling = Scaling.none
    }

    /// How frequencies are stretched for positions beyond those of the first training.
    package enum Scaling: Sendable, Equatable {
        case none
        /// Positions are divided by the factor.
        case linear(Double)
        case yarn(Yarn)
        /// Long waves are divided by a factor, short ones left, with a slope between (Llama 3.1).
        case llama3(factor: Double, low: Double, high: Double, original: Int)
        case longRope(LongRope)
        /// The base grows with the context (NTK): `context` is what it was trained for.
        case dynamic(factor: Double, context: Int)
    }

    /// Source: Peng et al., "YaRN" (2023).
    package struct Yarn: Sendable, Equatable {
        package var factor: Double
        package var original: Int
        package var fast: Double
        package var slow: Double
        /// Whether the bounds of the slope are rounded to whole pairs.
        package var isTruncated: Bool
        /// Of cosines and sines.
        package var amplitude: Double

        /// 1 for a factor up to 1, else `0.1 * weight * ln(factor) + 1`.
        static func amplitude(_ factor: Double, weight: Double = 1) -> Double {
            factor <= 1 ? 1 : 0.1 * weight * log(factor) + 1
        }
    }

    /// Source: Ding et al., "LongRoPE" (2024). A divisor for each pair; which of the two lists counts is decided once, by
    /// the engine's context.
    package struct LongRope: Sendable, Equatable {
        /// nil when tensors hold them.
        package var short: [Float]?
        package var long: [Float]?
        /// The longest context that takes the short list.
        package var original: Int
        /// Of cosines and sines.
        package var amplitude: Double
    }
}
