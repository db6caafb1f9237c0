/// A one-dimensional tensor as floats: norm weights, biases, frequency divisors.
package final class FloatVector: Sendable {
    package let count: Int
    private let buffer: AlignedBuffer<Float>

    package var pointer: UnsafePointer<Float> { UnsafePointer(buffer.pointer) }
    package var values: [Float] { Array(UnsafeBufferPointer(start: pointer, count: count)) }

    /// - Throws: ``TensorError`` when the tensor is quantised, has more than one dimension, or has an element that is
    ///   infinite or no number.
    package init(_ tensor: GGUFFile.Tensor, of file: GGUFFile) throws(TensorError) {
        guard tensor.shape.count == 1, tensor.type.blockElements == 1 else {
            throw TensorError(
                .missing,
                "\(file.file.path): tensor '\(tensor.name)' is \(tensor.type.name) of shape \(tensor.shape), "
                    + "expected one dimension of F32, F16 or BF16")
        }
        count = tensor.elementCount
        buffer = try AlignedBuffer(count: count)
        let bytes = file.bytes(of: tensor)
        for index in 0..<count {
            switch tensor.type {
            case .f16:
                buffer.pointer[index] = PackedMatrix.float(
                    fromHalf: bytes.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self))
            case .bf16:
                let bits = bytes.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self)
                buffer.pointer[index] = Float(bitPattern: UInt32(bits) << 16)
            default:
                buffer.pointer[index] = bytes.loadUnaligned(fromByteOffset: index * 4, as: Float.self)
            }
            guard buffer.pointer[index].isFinite else {
                throw TensorError(
                    .malformedFile,
                    "\(file.file.path): tensor '\(tensor.name)' has \(buffer.pointer[index]) as element \(index), "
                        + "expected finite numbers")
            }
        }
    }
}
