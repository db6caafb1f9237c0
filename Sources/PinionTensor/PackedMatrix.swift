import CPinionKernels
import Synchronization

/// A weight matrix in the layout the kernels read: 16 rows interleaved, one layout for every instruction set.
///
/// The layout is described in `CPinionKernels.h`. Packing copies quants and scales as they are in the file; no weight is
/// rounded again.
package final class PackedMatrix: Sendable {
    package static let groupRows = Int(PN_GROUP_ROWS)
    static let blockColumns = Int(PN_BLOCK_COLUMNS)
    /// Bytes of one register: 4 columns of 16 rows, 8 columns of nibbles, or the higher bits of several steps.
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

    /// What a tensor of two dimensions takes once packed: some formats a few percent more than in the file.
    package static func byteCount(packing tensor: GGUFFile.Tensor) -> Int {
        groups(rows: tensor.shape[1])
            * groupBytes(columns: tensor.shape[0], tensor.type.traits.layout)
    }

    /// A row's last unit may be half used.
    private static func groupBytes(columns: Int, _ layout: pn_layout) -> Int {
        (columns + layout.columns - 1) / layout.columns * layout.bytes
    }

    private static func groups(rows: Int) -> Int { (rows + groupRows - 1) / groupRows }

    /// Packs a tensor of shape `[columns, rows]`, the work shared by the team.
    ///
    /// - Throws: ``TensorError`` when the tensor is no matrix, memory is short, or a weight or a block's scale is not
    ///   finite: a weight that is not finite times a token's 0 is NaN, and would reach tokens that have nothing there.
    package init(packing tensor: GGUFFile.Tensor, of file: GGUFFile, team: WorkerTeam) throws(TensorError) {
        guard tensor.shape.count == 2 else {
            throw TensorError(
                .missing, "\(file.file.path): tensor '\(tensor.name)' has shape \(tensor.shape), expected a matrix")
        }
        columns = tensor.shape[0]
        rows = tensor.shape[1]
        type = tensor.type
        layout = type.traits.layout
        let rowBytes = columns / type.blockElements * type.blockBytes
        groupBytes = Self.groupBytes(columns: columns, layout)
        groups = Self.groups(rows: rows)
        storage = try AlignedBuffer(count: groups * groupBytes)
        guard let source = file.bytes(of: tensor).baseAddress else {
            preconditionFailure("a tensor has at least one byte")
        }
        let packer = GroupPacker(type: type, columns: columns)
        let isFinite = Atomic<Bool>(true)
        team.forEach(groups, grain: 4) { range in
            for group in range {
                let first = group * Self.groupRows
                let target = UnsafeMutableRawPointer(storage.pointer + group * groupBytes)
                for lane in 0..<min(Self.groupRows, rows - first) {
                    let row = source + (first + lane) * rowBytes
                    if !packer.pack(row: row, lane: lane, into: target) { isFinite.store(false, ordering: .relaxed) }
                }
            }
        }
        file.file.forget(file.bytes(of: tensor))
        guard isFinite.load(ordering: .relaxed) else {
            throw TensorError(
                .malformedFile,
                "\(file.file.path): tensor '\(tensor.name)' has a \(type.blockElements > 1 ? "scale" : "weight") that is "
                    + "infinite or no number")
        }
    }
}
