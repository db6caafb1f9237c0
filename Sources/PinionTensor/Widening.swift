/// What it costs that a file's matrices of one type are packed in another format, for a person who chooses a file.
package struct Widening: Equatable, CustomStringConvertible {
    /// The file's name of the type.
    package let type: String
    /// The format in memory, in a few words.
    package let packed: String
    /// Whether every weight keeps its value: an eight-bit float times its block's factor has more bits than a half.
    package let isExact: Bool
    package private(set) var matrices = 0
    /// Bytes of these matrices in the file.
    package private(set) var storedBytes = 0
    /// Bytes of the same once packed.
    package private(set) var packedBytes = 0

    /// One for each type that is packed in another format than the file's, in the order in which they occur.
    package static func list(of tensors: [StoredTensor]) -> [Widening] {
        var found: [Widening] = []
        for tensor in tensors {
            guard let packed = tensor.type.packedType, tensor.type != .format(packed),
                let source = try? MatrixSource(tensor.shape.count == 3 ? tensor.matrix(0) : tensor)
            else { continue }
            let matrices = tensor.shape.count == 3 ? tensor.shape[2] : 1
            let index = found.firstIndex { $0.type == tensor.type.name } ?? found.endIndex
            if index == found.endIndex {
                found.append(
                    Widening(type: tensor.type.name, packed: packed.summary, isExact: packed == .coded))
            }
            found[index].matrices += matrices
            found[index].storedBytes += tensor.byteCount
            found[index].packedBytes += PackedMatrix.byteCount(packing: source) * matrices
        }
        return found
    }

    private init(type: String, packed: String, isExact: Bool) {
        (self.type, self.packed, self.isExact) = (type, packed, isExact)
    }

    package var description: String {
        "\(type): packed as \(packed), \(isExact ? "exactly, but " : "")wider: \(storedBytes) bytes of the file become \(packedBytes)"
    }
}
