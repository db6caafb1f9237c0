/// How a file stores a tensor's elements, which need not be how a matrix is packed in memory.
package enum StorageType: Sendable, Equatable {
    /// A format that the kernels also compute with, so that its blocks are packed as they are.
    case format(TensorType)
    /// A type that is packed in another way than the file has it, without rounding.
    case coded(CodedType)
    /// Eight-bit floats of 4 exponent and 3 fraction bits without infinities (OCP FP8), widened when packed.
    case f8E4M3
    /// MXFP4 as folders have it: a byte holds neighbours, and the blocks' exponents lie in a tensor of their own. It is
    /// packed as the type of that name, without rounding.
    case splitMXFP4
    /// A type of which no kernel makes use, by the file's name for it; such a tensor may lie in a file, unused.
    case other(String)

    package var name: String {
        switch self {
        case .format(let type): type.name
        case .coded(let type): type.name
        case .f8E4M3: "F8_E4M3"
        case .splitMXFP4: "MXFP4 (blocks and scales)"
        case .other(let name): name
        }
    }

    /// Elements that share one block; 0 when the type is unknown.
    package var blockElements: Int {
        switch self {
        case .format(let type): type.blockElements
        case .coded: CodedType.blockElements
        case .f8E4M3: 1
        case .splitMXFP4: TensorType.mxfp4.blockElements
        case .other: 0
        }
    }

    /// Bytes of one block; 0 when the type is unknown.
    package var blockBytes: Int {
        switch self {
        case .format(let type): type.blockBytes
        case .coded(let type): type.blockBytes
        case .f8E4M3: 1
        // Two quants a byte, and no scale.
        case .splitMXFP4: TensorType.mxfp4.blockElements / 2
        case .other: 0
        }
    }

    /// What a matrix of this storage is packed as, unless it is asked for otherwise.
    ///
    /// Eight-bit floats become halves: with their scales they have up to 4 significant bits more than brain floats keep.
    package var packedType: TensorType? {
        switch self {
        case .format(let type): type
        case .coded: .coded
        case .f8E4M3: .f16
        case .splitMXFP4: .mxfp4
        case .other: nil
        }
    }
}

extension StorageType {
    /// A type by GGML's number; nil where this build does not read it.
    package init?(ggmlNumber number: UInt32) {
        if let type = CodedType(rawValue: number) {
            self = .coded(type)
        } else if let type = TensorType(rawValue: number), type != .coded {
            self = .format(type)
        } else {
            return nil
        }
    }

    /// The types that this build reads, in the order of their numbers.
    package static var ggmlNames: String {
        let formats = TensorType.allCases.filter { $0 != .coded }.map { ($0.rawValue, $0.name) }
        let coded = CodedType.allCases.map { ($0.rawValue, $0.name) }
        return (formats + coded).sorted { $0.0 < $1.0 }.map(\.1).joined(separator: ", ")
    }

    /// Names of the types GGML knows and this build does not, for error messages.
    package static let otherNames: [UInt32: String] = [
        4: "Q4_2", 5: "Q4_3", 9: "Q8_1", 15: "Q8_K",
        24: "I8", 25: "I16", 26: "I32", 27: "I64", 28: "F64", 31: "Q4_0_4_4", 32: "Q4_0_4_8", 33: "Q4_0_8_8",
        36: "IQ4_NL_4_4", 37: "IQ4_NL_4_8", 38: "IQ4_NL_8_8", 40: "NVFP4", 41: "Q1_0", 42: "Q2_0",
    ]
}
