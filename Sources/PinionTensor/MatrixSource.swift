/// The rows of a stored matrix that are to be packed, and what they are packed as.
package struct MatrixSource: Sendable {
    package let tensor: StoredTensor
    /// Part of the tensor's rows: some files store several matrices in one.
    package let rows: Range<Int>
    package let type: TensorType

    package var columns: Int { tensor.shape[0] }

    /// - Parameters:
    ///   - rows: nil for all.
    ///   - quantised: What float weights are rounded to, where the columns fill its blocks; nil leaves them as they are.
    /// - Throws: ``TensorError`` when the tensor is no matrix, or of a type that no kernel multiplies.
    package init(_ tensor: StoredTensor, rows: Range<Int>? = nil, quantised: TensorType? = nil) throws(TensorError) {
        guard tensor.shape.count == 2 else {
            throw TensorError(
                .missing, "\(tensor.file.path): tensor '\(tensor.name)' has shape \(tensor.shape), expected a matrix")
        }
        guard var type = tensor.type.packedType else {
            throw TensorError(
                .unsupported,
                "\(tensor.file.path): tensor '\(tensor.name)' has type \(tensor.type.name), expected one of "
                    + "\(StorageType.ggmlNames), F8_E4M3")
        }
        if let quantised, tensor.type.blockElements == 1, tensor.shape[0] % quantised.blockElements == 0 {
            type = quantised
        }
        self.tensor = tensor
        self.rows = rows ?? 0..<tensor.shape[1]
        self.type = type
        precondition(self.rows.upperBound <= tensor.shape[1], "rows \(self.rows) of tensor '\(tensor.name)'")
    }

    /// The file's row that is row `row` of the matrix.
    func storedRow(_ row: Int) -> Int { tensor.storedPlace(row, of: tensor.shape[1]) }

    /// Whether the file's rows are packed byte for byte.
    var isVerbatim: Bool {
        tensor.type == .format(type) && !tensor.isTransposed && tensor.scales == nil && tensor.addend == 0
    }

    /// Bytes that the rows have in the file.
    var byteCount: Int { tensor.byteCount / tensor.shape[1] * rows.count }

    /// Whether the file has the rows one after the other.
    var hasContiguousRows: Bool { !tensor.isTransposed && !tensor.isInterleaved }

    /// Tells the system that rows were read, in the order of ``rows``, unless other rows lie between them.
    ///
    /// - Parameter part: Of ``rows``, counted from their first.
    func forget(_ part: Range<Int>) {
        let isLast = part.upperBound == rows.count
        if isLast, let exponents = tensor.exponents { exponents.file.forget(exponents.bytes) }
        let bytes = tensor.bytes
        guard hasContiguousRows else {
            // Rows of a transposed matrix share all pages, and so do the halves of one that is interleaved: they are given
            // back with the last row, unless a transposed matrix has other parts.
            if isLast, tensor.isInterleaved || rows.count == tensor.shape[1] { tensor.file.forget(bytes) }
            return
        }
        let rowBytes = bytes.count / tensor.shape[1]
        let first = rows.lowerBound
        let part = (first + part.lowerBound) * rowBytes..<(first + part.upperBound) * rowBytes
        tensor.file.forget(UnsafeRawBufferPointer(rebasing: bytes[part]))
    }

    /// Reads one row as floats.
    func readRow(_ row: Int, into out: UnsafeMutableBufferPointer<Float>) {
        let (columns, height) = (tensor.shape[0], tensor.shape[1])
        let stored = storedRow(row)
        let first = tensor.isTransposed ? stored : stored * columns
        tensor.readElements(from: first, step: tensor.isTransposed ? height : 1, into: out)
        guard let scales = tensor.scales else { return }
        for column in 0..<columns { out[column] *= scales.factor(row: stored, column: column) }
    }
}
