import PinionTensor

/// A tensor of a GGUF file that is made of a folder, and the folder's tensors that it consists of.
struct FolderTensor {
    /// A tensor of the folder, or some of its rows.
    struct Part {
        let tensor: StoredTensor
        /// Which of the matrices of a three-dimensional tensor; nil for a tensor that is one matrix or a vector.
        var index: Int?
        /// The rows that are taken; nil for all.
        var rows: Range<Int>?

        var matrix: StoredTensor { index.map(tensor.matrix) ?? tensor }
    }

    let place: TensorName
    /// The name in the file.
    let name: String
    /// Sizes in the file, the contiguous dimension first.
    let shape: [Int]
    /// The folder's tensors that fill it, one behind the other.
    let parts: [Part]
    /// The stored row, or element, of each that is written; nil for the same.
    var order: (@Sendable (Int) -> Int)?

    init(
        _ place: TensorName, _ family: ModelFamily, shape: [Int], parts: [Part],
        order: (@Sendable (Int) -> Int)? = nil
    ) {
        self.place = place
        name = TensorName(family.part(place.part), layer: place.layer, isBias: place.isBias).inGGUF
        self.shape = shape
        self.parts = parts
        self.order = order
    }

    init(
        _ place: TensorName, _ family: ModelFamily, _ tensor: StoredTensor, order: (@Sendable (Int) -> Int)? = nil
    ) {
        self.init(place, family, shape: tensor.shape, parts: [Part(tensor: tensor)], order: order)
    }
}

extension ModelFolder {
    /// A tensor that the model cannot do without.
    ///
    /// - Throws: ``ModelError`` when it is missing, or has none of the shapes.
    func needed(_ place: TensorName, shapes: [Int]...) throws(ModelError) -> StoredTensor {
        guard let tensor = try tensor(place) else { throw missing(place) }
        try tensor.check(shapes)
        return tensor
    }

    func missing(_ place: TensorName) -> ModelError {
        ModelError(.invalidTensor, "\(path): has no tensor '\(spelling(place))'")
    }
}

extension StoredTensor {
    /// - Throws: ``ModelError`` for a shape that is none of these.
    func check(_ shapes: [[Int]]) throws(ModelError) {
        guard shapes.contains(shape) else {
            throw ModelError(
                .invalidTensor,
                "\(file.path): tensor '\(FileWord(name).shown)' has shape \(shape), expected "
                    + shapes.map { "\($0)" }.joined(separator: " or "))
        }
    }
}
