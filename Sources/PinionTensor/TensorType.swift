import CPinionKernels

/// How a tensor's elements are stored in a file (GGML's type numbers).
package enum TensorType: UInt32, Sendable, CaseIterable {
    case f32 = 0
    case f16 = 1
    case q4_0 = 2
    case q4_1 = 3
    case q5_0 = 6
    case q5_1 = 7
    case q8_0 = 8
    case q4_K = 12
    case q5_K = 13
    case q6_K = 14
    case bf16 = 30

    /// Elements that share one block.
    package var blockElements: Int { traits.file_elements }

    /// Bytes of one block: a half for the scale (and one for the minimum), in K types the scales of its parts, and the
    /// quants.
    package var blockBytes: Int { traits.file_bytes }

    package var name: String { String(cString: traits.name) }

    package static var supportedNames: String { allCases.map(\.name).joined(separator: ", ") }

    /// Names of the types GGML knows and this build does not, for error messages.
    package static let otherNames: [UInt32: String] = [
        9: "Q8_1", 10: "Q2_K", 11: "Q3_K", 15: "Q8_K",
        16: "IQ2_XXS", 17: "IQ2_XS", 18: "IQ3_XXS", 19: "IQ1_S", 20: "IQ4_NL", 21: "IQ3_S", 22: "IQ2_S", 23: "IQ4_XS",
        24: "I8", 25: "I16", 26: "I32", 27: "I64", 28: "F64", 29: "IQ1_M", 34: "TQ1_0", 35: "TQ2_0", 39: "MXFP4",
    ]
}
