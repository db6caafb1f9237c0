/// A one-dimensional tensor as floats: norm weights, biases, frequency divisors.
package final class FloatVector: Sendable {
    package let count: Int
    private let buffer: AlignedBuffer<Float>

    package var pointer: UnsafePointer<Float> { UnsafePointer(buffer.pointer) }
    package var values: [Float] { Array(UnsafeBufferPointer(start: pointer, count: count)) }

    /// - Parameter part: The elements that are wanted; nil for all.
    /// - Throws: ``TensorError`` when the tensor is quantised, has more than one dimension, or has an element that is
    ///   infinite or no number.
    package init(_ tensor: StoredTensor, part: Range<Int>? = nil) throws(TensorError) {
        guard tensor.shape.count == 1, tensor.type.blockElements == 1, tensor.scales == nil else {
            throw TensorError(
                .missing,
                "\(tensor.file.path): tensor '\(tensor.name)' is \(tensor.type.name) of shape \(tensor.shape), "
                    + "expected one dimension of F32, F16 or BF16")
        }
        let part = part ?? 0..<tensor.elementCount
        count = part.count
        buffer = try AlignedBuffer(count: count)
        tensor.readElements(
            from: part.lowerBound, step: 1, into: UnsafeMutableBufferPointer(start: buffer.pointer, count: count))
        for (place, index) in part.enumerated() {
            let value = buffer.pointer[place]
            if tensor.addend != 0 { buffer.pointer[place] = value + tensor.addend }
            guard value.isFinite else {
                throw TensorError(
                    .malformedFile,
                    "\(tensor.file.path): tensor '\(tensor.name)' has \(value) as element \(index), "
                        + "expected finite numbers")
            }
        }
    }
}
