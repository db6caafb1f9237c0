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
    static let all = ["portable", "neon", "avx2", "avx512"].map(Variant.init).filter { variant in
        pn_kernels_named(variant.name) != nil
    }
}

extension [Float] {
    /// For comparisons that tell 0 from -0 and one NaN from another.
    var bitPatterns: [UInt32] { map(\.bitPattern) }
}
