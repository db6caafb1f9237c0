import CPinionKernels
import Testing

/// One instruction set's kernels, as a test argument.
struct Variant: Sendable, CustomTestStringConvertible {
    let name: String

    var table: pn_kernels {
        guard let table = pn_kernels_named(name) else { preconditionFailure("no kernels called \(name)") }
        return table.pointee
    }
    var testDescription: String { name }

    static let portable = Variant(name: "portable")
    /// Every variant that this machine runs, the portable one included.
    static let all = ["portable", "avx2", "avx512"].map(Variant.init).filter { variant in
        pn_kernels_named(variant.name) != nil
    }
}

/// SplitMix64: the same numbers on every machine and in every run.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// Floats of a bell-like distribution around 0 with a variance of about 1.
    mutating func floats(_ count: Int, times factor: Float = 1) -> [Float] {
        (0..<count).map { _ in
            factor * (0..<3).reduce(Float(0)) { sum, _ in sum + Float.random(in: -1...1, using: &self) }
        }
    }
}

extension [Float] {
    /// For comparisons that tell 0 from -0 and one NaN from another.
    var bitPatterns: [UInt32] { map(\.bitPattern) }
}
