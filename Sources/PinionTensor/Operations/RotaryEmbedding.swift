import CPinionKernels
import Foundation

/// Rotary position embedding: pairs of a head's elements turned by angles that grow with the position.
///
/// Source: Su et al., "RoFormer" (2021). The angles of a step's tokens are computed once and shared by all layers.
package final class RotaryEmbedding {
    /// Which elements of a head form a pair.
    package enum Pairing: Sendable {
        /// (0, 1), (2, 3), ...: how llama.cpp's converter orders the rows of the Llama family.
        case adjacent
        /// (0, n/2), (1, n/2 + 1), ...
        case halves
    }

    private let pairing: Pairing
    private let pairs: Int
    /// Per pair: radians per position.
    private let frequencies: [Double]
    /// Of all cosines and sines.
    private let amplitude: Double
    /// [capacity, pairs]
    private let cosines: AlignedBuffer<Float>
    private let sines: AlignedBuffer<Float>

    /// - Parameters:
    ///   - frequencies: For each pair of a head's leading elements, radians per position.
    ///   - amplitude: Factor of what is rotated.
    ///   - capacity: Tokens in a step.
    package init(
        pairing: Pairing, frequencies: [Double], amplitude: Double = 1, capacity: Int
    ) throws(TensorError) {
        self.pairing = pairing
        self.frequencies = frequencies
        self.amplitude = amplitude
        pairs = frequencies.count
        cosines = try AlignedBuffer(count: capacity * pairs)
        sines = try AlignedBuffer(count: capacity * pairs)
    }

    /// Computes the angles of one token of the step.
    package func prepare(token: Int, position: Int) {
        for pair in 0..<pairs {
            let angle = Double(position) * frequencies[pair]
            cosines.pointer[token * pairs + pair] = Float(cos(angle) * amplitude)
            sines.pointer[token * pairs + pair] = Float(sin(angle) * amplitude)
        }
    }

    /// The angles of the step's tokens; valid while the embedding lives.
    package var angles: Angles {
        let (step, distance) = pairing == .adjacent ? (2, 1) : (1, pairs)
        return Angles(
            pairs: pairs, step: step, distance: distance, cosines: cosines.pointer, sines: sines.pointer)
    }

    /// Turns heads by the angles of their token, without a reference to count.
    package struct Angles {
        fileprivate let pairs: Int
        fileprivate let step: Int
        fileprivate let distance: Int
        /// [capacity, pairs]
        fileprivate let cosines: UnsafeMutablePointer<Float>
        fileprivate let sines: UnsafeMutablePointer<Float>

        /// Turns one token's `[heads, headDimension]` in place.
        package func apply(
            token: Int, heads: Int, headDimension: Int, _ x: UnsafeMutablePointer<Float>, with kernels: Kernels
        ) {
            kernels.table.pointee.rope(
                x, heads, headDimension, pairs, step, distance, cosines + token * pairs, sines + token * pairs)
        }
    }
}
