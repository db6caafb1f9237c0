/// A one-dimensional tensor as floats, or rows of them: norm weights, biases, frequency divisors.
package final class FloatVector: Sendable {
    package let count: Int
    private let buffer: AlignedBuffer<Float>

    package var pointer: UnsafePointer<Float> { UnsafePointer(buffer.pointer) }
    package var values: [Float] { Array(UnsafeBufferPointer(start: pointer, count: count)) }

    /// - Parameter part: The elements that are wanted; nil for all.
    /// - Throws: ``TensorError`` when the tensor is quantised, has more than one dimension, or has an element that is
    ///   infinite or no number.
    package convenience init(_ tensor: StoredTensor, part: Range<Int>? = nil) throws(TensorError) {
        try self.init(tensor, dimensions: 1, part: part ?? 0..<tensor.elementCount)
    }

    /// The rows of a matrix one behind the other, of each the same part.
    ///
    /// - Parameter part: Of a row whose halves' elements lie in turn, of one half alone.
    /// - Throws: As ``init(_:part:)``, for a tensor that has not two dimensions.
    package convenience init(rowsOf tensor: StoredTensor, part: Range<Int>) throws(TensorError) {
        try self.init(tensor, dimensions: 2, part: part)
    }

    private init(_ tensor: StoredTensor, dimensions: Int, part: Range<Int>) throws(TensorError) {
        guard tensor.shape.count == dimensions, tensor.type.blockElements == 1, tensor.scales == nil else {
            throw TensorError(
                .missing,
                "\(tensor.file.path): tensor '\(tensor.name)' is \(tensor.type.name) of shape \(tensor.shape), "
                    + "expected \(dimensions == 1 ? "one dimension" : "two dimensions") of F32, F16 or BF16")
        }
        let (width, rows) = (tensor.shape[0], tensor.elementCount / tensor.shape[0])
        count = rows * part.count
        buffer = try AlignedBuffer(count: count)
        for row in 0..<rows {
            let out = UnsafeMutableBufferPointer(start: buffer.pointer + row * part.count, count: part.count)
            tensor.readElements(
                from: row * width + tensor.storedPlace(part.lowerBound, of: width),
                step: tensor.isInterleaved ? 2 : 1, into: out)
            for place in out.indices {
                let value = out[place]
                if tensor.addend != 0 { out[place] = value + tensor.addend }
                guard value.isFinite else {
                    throw TensorError(
                        .malformedFile,
                        "\(tensor.file.path): tensor '\(tensor.name)' has \(value) as element "
                            + "\(row * width + part.lowerBound + place), expected finite numbers")
                }
            }
        }
    }
}
