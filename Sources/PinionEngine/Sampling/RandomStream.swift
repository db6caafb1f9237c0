/// Random numbers that are a function of seed and index alone.
///
/// A sequence that is recomputed or resumed draws the same number for the same token, which a generator with hidden state
/// would not give. The mixing function is SplitMix64 (Steele, Lea and Flood, 2014).
package struct RandomStream: Sendable {
    private static let increment: UInt64 = 0x9E37_79B9_7F4A_7C15

    private let key: UInt64

    /// - Parameter stream: Tells apart the choices of one request, which share a seed.
    package init(seed: UInt64, stream: Int) {
        key = Self.mix(Self.mix(seed) ^ UInt64(truncatingIfNeeded: stream) &* Self.increment)
    }

    /// Uniform in [0, 1), with 53 random bits.
    package func uniform(at index: Int) -> Double {
        let bits = Self.mix(key &+ UInt64(truncatingIfNeeded: index) &* Self.increment)
        return Double(bits >> 11) * 0x1p-53
    }

    private static func mix(_ value: UInt64) -> UInt64 {
        var z = value &+ increment
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
