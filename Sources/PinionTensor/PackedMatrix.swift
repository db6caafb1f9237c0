import CPinionKernels

/// A weight matrix in the layout the kernels read: 16 rows interleaved, one layout for every instruction set.
///
/// The layout is described in `CPinionKernels.h`. Packing copies quants and scales as they are in the file; no weight is
/// rounded again.
package final class PackedMatrix: Sendable {
    package static let groupRows = Int(PN_GROUP_ROWS)
    static let blockColumns = Int(PN_BLOCK_COLUMNS)
    /// Bytes of one register: 4 columns of 16 rows, or 8 columns of nibbles.
    static let registerBytes = 64
    /// Quants of one block of a group, in nibble formats and in byte formats.
    static let nibbleBytes = 4 * registerBytes
    static let byteBytes = 8 * registerBytes

    package let rows: Int
    package let columns: Int
    package let type: TensorType
    let groupBytes: Int
    let storage: AlignedBuffer<UInt8>

    package var byteCount: Int { storage.count }
    /// Rows rounded up to whole groups: the width that outputs must have room for.
    package var paddedRows: Int { groups * Self.groupRows }
    package let groups: Int
    /// Whether the kernel reads activations rounded to bytes rather than floats.
    package var readsQuantisedActivations: Bool { type.blockElements > 1 }

    var format: pn_format {
        switch type {
        case .f32: PN_F32
        case .f16: PN_F16
        case .bf16: PN_BF16
        case .q4_0: PN_Q4_0
        case .q4_1: PN_Q4_1
        case .q8_0: PN_Q8_0
        }
    }

    /// Packs a tensor of shape `[columns, rows]`, the work shared by the team.
    ///
    /// - Throws: ``TensorError`` when the tensor is no matrix or memory is short.
    package init(packing tensor: GGUFFile.Tensor, of file: GGUFFile, team: WorkerTeam) throws(TensorError) {
        guard tensor.shape.count == 2 else {
            throw TensorError(
                .missing, "\(file.file.path): tensor '\(tensor.name)' has shape \(tensor.shape), expected a matrix")
        }
        columns = tensor.shape[0]
        rows = tensor.shape[1]
        type = tensor.type
        // A group holds each row's bytes once, rearranged.
        let rowBytes = columns / type.blockElements * type.blockBytes
        groupBytes = rowBytes * Self.groupRows
        groups = (rows + Self.groupRows - 1) / Self.groupRows
        storage = try AlignedBuffer(count: groups * groupBytes)
        guard let source = file.bytes(of: tensor).baseAddress else {
            preconditionFailure("a tensor has at least one byte")
        }
        team.forEach(groups, grain: 4) { range in
            for group in range {
                let first = group * Self.groupRows
                for row in first..<min(first + Self.groupRows, rows) {
                    pack(row: source + row * rowBytes, lane: row - first, into: storage.pointer + group * groupBytes)
                }
            }
        }
    }

    /// Copies one row of the file into its lane of a group.
    private func pack(row: UnsafeRawPointer, lane: Int, into group: UnsafeMutablePointer<UInt8>) {
        let group = UnsafeMutableRawPointer(group)
        let blocks = columns / type.blockElements
        switch type {
        case .f32:
            for c in 0..<columns {
                let value = row.loadUnaligned(fromByteOffset: c * 4, as: UInt32.self)
                group.storeBytes(of: value, toByteOffset: (c * Self.groupRows + lane) * 4, as: UInt32.self)
            }
        case .f16, .bf16:
            for c in 0..<columns { copyHalf(row + c * 2, to: group + (c * Self.groupRows + lane) * 2) }
        case .q4_0, .q4_1:
            let scales = group + blocks * Self.nibbleBytes
            let minima = scales + blocks * Self.groupRows * 2
            let header = type == .q4_1 ? 4 : 2
            for b in 0..<blocks {
                let block = row + b * type.blockBytes
                copyHalf(block, to: scales + (b * Self.groupRows + lane) * 2)
                if type == .q4_1 { copyHalf(block + 2, to: minima + (b * Self.groupRows + lane) * 2) }
                for step in 0..<4 {
                    let quants = block.loadUnaligned(fromByteOffset: header + step * 4, as: UInt32.self)
                    let offset = b * Self.nibbleBytes + step * Self.registerBytes + lane * 4
                    group.storeBytes(of: quants, toByteOffset: offset, as: UInt32.self)
                }
            }
        case .q8_0:
            let scales = group + blocks * Self.byteBytes
            for b in 0..<blocks {
                let block = row + b * type.blockBytes
                copyHalf(block, to: scales + (b * Self.groupRows + lane) * 2)
                for step in 0..<8 {
                    let quants = block.loadUnaligned(fromByteOffset: 2 + step * 4, as: UInt32.self) ^ 0x8080_8080
                    let offset = b * Self.byteBytes + step * Self.registerBytes + lane * 4
                    group.storeBytes(of: quants, toByteOffset: offset, as: UInt32.self)
                }
            }
        }
    }

    private func copyHalf(_ source: UnsafeRawPointer, to target: UnsafeMutableRawPointer) {
        target.storeBytes(of: source.loadUnaligned(as: UInt16.self), as: UInt16.self)
    }
}
