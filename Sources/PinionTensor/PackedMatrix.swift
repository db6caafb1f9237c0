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

    package let rows: Int
    package let columns: Int
    package let type: TensorType
    let layout: pn_layout
    let groupBytes: Int
    let storage: AlignedBuffer<UInt8>

    package var byteCount: Int { storage.count }
    /// Rows rounded up to whole groups: the width that outputs must have room for.
    package var paddedRows: Int { groups * Self.groupRows }
    package let groups: Int
    /// Whether the kernel reads activations rounded to bytes rather than floats.
    package var readsQuantisedActivations: Bool { type.blockElements > 1 }

    var format: pn_format { type.format }

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
        layout = pn_format_layout(type.format)
        let rowBytes = columns / type.blockElements * type.blockBytes
        // A row's last unit may be half used.
        groupBytes = (columns + layout.columns - 1) / layout.columns * layout.bytes
        groups = (rows + Self.groupRows - 1) / Self.groupRows
        storage = try AlignedBuffer(count: groups * groupBytes)
        guard let source = file.bytes(of: tensor).baseAddress else {
            preconditionFailure("a tensor has at least one byte")
        }
        let packer = GroupPacker(type: type, columns: columns, layout: layout)
        team.forEach(groups, grain: 4) { range in
            for group in range {
                let first = group * Self.groupRows
                let target = UnsafeMutableRawPointer(storage.pointer + group * groupBytes)
                for row in first..<min(first + Self.groupRows, rows) {
                    packer.pack(row: source + row * rowBytes, lane: row - first, into: target)
                }
            }
        }
    }
}

extension TensorType {
    var format: pn_format {
        switch self {
        case .f32: PN_F32
        case .f16: PN_F16
        case .bf16: PN_BF16
        case .q4_0: PN_Q4_0
        case .q4_1: PN_Q4_1
        case .q5_0: PN_Q5_0
        case .q5_1: PN_Q5_1
        case .q8_0: PN_Q8_0
        case .q4_K: PN_Q4_K
        case .q5_K: PN_Q5_K
        case .q6_K: PN_Q6_K
        }
    }

    /// Bits of one quant.
    var quantBits: Int {
        switch self {
        case .q4_0, .q4_1, .q4_K: 4
        case .q5_0, .q5_1, .q5_K: 5
        case .q6_K: 6
        case .q8_0: 8
        case .f32, .f16, .bf16: 0
        }
    }
}
