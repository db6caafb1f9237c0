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

    /// What a matrix takes once packed: some formats a few percent more than in the file.
    package static func byteCount(packing source: MatrixSource) -> Int {
        groups(rows: source.rows.count) * groupBytes(columns: source.columns, source.type.traits.layout)
    }

    /// A row's last unit may be half used.
    private static func groupBytes(columns: Int, _ layout: pn_layout) -> Int {
        (columns + layout.columns - 1) / layout.columns * layout.bytes
    }

    private static func groups(rows: Int) -> Int { (rows + groupRows - 1) / groupRows }

    /// Packs a stored matrix whose rows are as its packed format has them.
    package convenience init(packing tensor: StoredTensor, team: WorkerTeam) throws(TensorError) {
        try self.init(packing: MatrixSource(tensor), team: team)
    }

    /// Packs rows of a stored matrix, the work shared by the team.
    ///
    /// - Throws: ``TensorError`` when memory is short, or a weight or a block's scale is not finite: a weight that is not
    ///   finite times a token's 0 is NaN, and would reach tokens that have nothing there.
    package init(packing source: MatrixSource, team: WorkerTeam) throws(TensorError) {
        let tensor = source.tensor
        columns = source.columns
        rows = source.rows.count
        type = source.type
        layout = type.traits.layout
        groupBytes = Self.groupBytes(columns: columns, layout)
        groups = Self.groups(rows: rows)
        storage = try AlignedBuffer(count: groups * groupBytes)
        let rowBytes = columns / type.blockElements * type.blockBytes
        let packer = GroupPacker(type: type, columns: columns)
        let isFinite = Atomic<Bool>(true)
        team.forEach(groups, grain: 4) { range in
            for group in range {
                let first = group * Self.groupRows
                let target = UnsafeMutableRawPointer(storage.pointer + group * groupBytes)
                let lanes = min(Self.groupRows, rows - first)
                let here = source.rows.lowerBound + first..<source.rows.lowerBound + first + lanes
                guard let start = tensor.bytes.baseAddress else { preconditionFailure("a matrix has bytes") }
                var areFinite = true
                if source.isVerbatim {
                    for (lane, row) in here.enumerated() {
                        areFinite = packer.pack(row: start + row * rowBytes, lane: lane, into: target) && areFinite
                    }
                } else {
                    RowEncoder(source).forEachRow(here) { lane, row in
                        areFinite = packer.pack(row: row, lane: lane, into: target) && areFinite
                    }
                }
                if !areFinite { isFinite.store(false, ordering: .relaxed) }
            }
        }
        // Of a matrix stored with others only its own part is done with.
        if source.rows.count == tensor.shape[1] { tensor.file.forget(tensor.bytes) }
        guard isFinite.load(ordering: .relaxed) else {
            throw TensorError(
                .malformedFile,
                "\(tensor.file.path): tensor '\(tensor.name)' has a "
                    + "\(tensor.type.blockElements > 1 ? "scale" : "weight") that is infinite or no number")
        }
    }
}
