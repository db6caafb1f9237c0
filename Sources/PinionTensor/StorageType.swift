/// How a file stores a tensor's elements, which need not be how a matrix is packed in memory.
package enum StorageType: Sendable, Equatable {
    /// A format that the kernels also compute with, so that its blocks are packed as they are.
    case format(TensorType)
    /// Eight-bit floats of 4 exponent and 3 fraction bits without infinities (OCP FP8), widened when packed.
    case f8E4M3
    /// A type of which no kernel makes use, by the file's name for it; such a tensor may lie in a file, unused.
    case other(String)

    package var name: String {
        switch self {
        case .format(let type): type.name
        case .f8E4M3: "F8_E4M3"
        case .other(let name): name
        }
    }

    /// Elements that share one block; 0 when the type is unknown.
    package var blockElements: Int {
        switch self {
        case .format(let type): type.blockElements
        case .f8E4M3: 1
        case .other: 0
        }
    }

    /// What a matrix of this storage is packed as, unless it is asked for otherwise.
    ///
    /// Eight-bit floats become halves: with their scales they have up to 4 significant bits more than brain floats keep.
    package var packedType: TensorType? {
        switch self {
        case .format(let type): type
        case .f8E4M3: .f16
        case .other: nil
        }
    }
}
