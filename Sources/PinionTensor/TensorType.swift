import CPinionKernels

/// How a packed matrix stores its weights, by GGML's number of the type whose files have them so.
package enum TensorType: UInt32, Sendable, CaseIterable {
    case f32 = 0
    case f16 = 1
    case q4_0 = 2
    case q4_1 = 3
    case q5_0 = 6
    case q5_1 = 7
    case q8_0 = 8
    case q2_K = 10
    case q3_K = 11
    case q4_K = 12
    case q5_K = 13
    case q6_K = 14
    case iq4_NL = 20
    case iq4_XS = 23
    case bf16 = 30
    case mxfp4 = 39
    /// Nibbles that stand for 16 values of the matrix's own; no file has it, but each ``CodedType`` is packed as it.
    case coded = 0xffff_ffff

    /// Elements that share one block.
    package var blockElements: Int { traits.file_elements }

    /// Bytes of one block in a file: its scale (and its minimum), where its parts have scales of their own those, and the quants.
    package var blockBytes: Int { traits.file_bytes }

    /// The format in a few words.
    package var summary: String { self == .coded ? "codes of 4 bits" : name }

    package var name: String { String(cString: traits.name) }
}
