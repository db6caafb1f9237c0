import Synchronization

/// Writes a stored matrix in another format, a piece at a time, the work of each shared by the team.
///
///     let encoder = try TensorEncoder(tensor, as: .q4_K)
///     try encoder.forEachPiece(team) { try file.write($0) }      // encoder.byteCount bytes in all
///
/// Tensors of more than two dimensions are the rows of all their matrices.
package struct TensorEncoder {
    /// The largest number that a half holds. Scales of blocks are halves too, and no model's weights come near it.
    private static let largestHalf: Float = 65504

    private let source: MatrixSource
    /// The place among the source's rows of each row that is written; nil for the same.
    private let order: (@Sendable (Int) -> Int)?
    private var rowBytes: Int { source.columns / source.type.blockElements * source.type.blockBytes }

    package var byteCount: Int { source.rows.count * rowBytes }

    /// - Parameters:
    ///   - type: One that weights are rounded to, or the tensor's own. Its blocks are filled by the tensor's columns.
    ///   - rows: Part of the stored rows; nil for all.
    ///   - order: The place among these rows of each row that is written; nil for the same.
    /// - Throws: ``TensorError`` when the tensor is quantised to another type, or of one that is not read.
    package init(
        _ tensor: StoredTensor, as type: TensorType, rows: Range<Int>? = nil, order: (@Sendable (Int) -> Int)? = nil
    ) throws(TensorError) {
        precondition(tensor.shape[0] % type.blockElements == 0, "columns of '\(tensor.name)' fill blocks")
        guard tensor.type == .format(type) || tensor.type.blockElements == 1 else {
            throw TensorError(
                .unsupported, "\(tensor.file.path): tensor '\(tensor.name)' is \(tensor.type.name), expected floats")
        }
        source = try MatrixSource(tensor.flattened(), rows: rows, quantised: type)
        self.order = order
    }

    /// Calls `body` with the bytes in their order; each piece is valid during its call.
    ///
    /// - Throws: ``TensorError`` for a weight that is infinite, no number, or too large for the type; what `body` throws.
    package func forEachPiece(_ team: WorkerTeam, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        if source.isVerbatim && source.hasContiguousRows && order == nil {
            return try source.tensor.part(source.rows).forEachPiece(body)
        }
        defer { source.forget(0..<source.rows.count) }
        let pieceRows = max(1, min(source.rows.count, StoredTensor.pieceBytes / rowBytes))
        let buffer = try AlignedBuffer<UInt8>(count: pieceRows * rowBytes)
        for start in stride(from: 0, to: source.rows.count, by: pieceRows) {
            let rows = start..<min(start + pieceRows, source.rows.count)
            try encode(rows, into: buffer, team)
            try body(UnsafeRawBufferPointer(start: buffer.pointer, count: rows.count * rowBytes))
        }
    }

    private func encode(_ rows: Range<Int>, into buffer: AlignedBuffer<UInt8>, _ team: WorkerTeam) throws(TensorError) {
        let limit = source.type == .f32 || source.type == .bf16 ? Float.greatestFiniteMagnitude : Self.largestHalf
        let failed = Atomic<Int>(-1)
        let encoder = RowEncoder(source)
        team.forEach(rows.count, grain: 1) { places in
            withUnsafeTemporaryAllocation(of: Float.self, capacity: source.columns) { floats in
                for place in places {
                    let written = rows.lowerBound + place
                    let row = source.rows.lowerBound + (order?(written) ?? written)
                    source.readRow(row, into: floats)
                    guard Self.largestMagnitude(floats) <= limit else {
                        failed.store(row, ordering: .relaxed)
                        return
                    }
                    encoder.encode(floats, into: UnsafeMutableRawPointer(buffer.pointer + place * rowBytes))
                }
            }
        }
        let row = failed.load(ordering: .relaxed)
        guard row < 0 else {
            throw TensorError(
                .malformedFile,
                "\(source.tensor.file.path): tensor '\(source.tensor.name)' has a weight in row \(row) that is infinite, "
                    + "no number, or beyond \(limit), the largest that \(source.type.name) holds")
        }
    }

    /// As integers, magnitudes are ordered as the numbers are, and infinity and NaN come last.
    private static func largestMagnitude(_ floats: UnsafeMutableBufferPointer<Float>) -> Float {
        var largest: UInt32 = 0
        for value in floats { largest = max(largest, value.bitPattern & 0x7fff_ffff) }
        return Float(bitPattern: largest)
    }
}

extension StoredTensor {
    /// Bytes that are written at a time: enough for all workers, and little beside a model.
    fileprivate static let pieceBytes = 8 << 20

    /// Calls `body` with the bytes as the file has them, a piece at a time, and tells the system that they were read.
    package func forEachPiece(_ body: (UnsafeRawBufferPointer) throws -> Void) rethrows {
        defer { file.forget(bytes) }
        for start in stride(from: 0, to: byteCount, by: Self.pieceBytes) {
            try body(UnsafeRawBufferPointer(rebasing: bytes[start..<min(start + Self.pieceBytes, byteCount)]))
        }
    }

    /// Some of the rows of a matrix that is stored row by row.
    fileprivate func part(_ rows: Range<Int>) -> StoredTensor {
        guard rows.count != shape[1] else { return self }
        precondition(!isTransposed && scales == nil && addend == 0, "'\(name)' is read as it is stored")
        let rowBytes = byteCount / shape[1]
        let first = fileRange.lowerBound + rows.lowerBound * rowBytes
        return StoredTensor(
            name: name, type: type, shape: [shape[0], rows.count], file: file,
            range: first..<first + rows.count * rowBytes)
    }

    /// The same elements as one matrix of all rows.
    fileprivate func flattened() -> StoredTensor {
        guard shape.count > 2 else { return self }
        var copy = StoredTensor(
            name: name, type: type, shape: [shape[0], shape.dropFirst().reduce(1, *)], file: file, range: fileRange)
        (copy.isTransposed, copy.addend, copy.scales) = (isTransposed, addend, scales)
        return copy
    }
}
