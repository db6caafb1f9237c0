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
    /// Holds other matrices too, where several were packed together.
    private let storage: AlignedBuffer<UInt8>
    /// Where the matrix begins in the storage.
    private let offset: Int

    /// The first row group.
    var start: UnsafeMutablePointer<UInt8> { storage.pointer + offset }
    package var byteCount: Int { groups * groupBytes }
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

    private init(_ source: MatrixSource, in storage: AlignedBuffer<UInt8>, at offset: Int) {
        columns = source.columns
        rows = source.rows.count
        type = source.type
        layout = type.traits.layout
        groupBytes = Self.groupBytes(columns: columns, layout)
        groups = Self.groups(rows: rows)
        self.storage = storage
        self.offset = offset
    }

    /// Packs a stored matrix whose rows are as its packed format has them.
    package convenience init(packing tensor: StoredTensor, team: WorkerTeam) throws(TensorError) {
        try self.init(packing: MatrixSource(tensor), team: team)
    }

    /// Packs rows of a stored matrix, the work shared by the team.
    ///
    /// - Throws: ``TensorError`` when memory is short, or a weight or a block's scale is not finite: a weight that is not
    ///   finite times a token's 0 is NaN, and would reach tokens that have nothing there.
    package convenience init(packing source: MatrixSource, team: WorkerTeam) throws(TensorError) {
        self.init(source, in: try AlignedBuffer(count: Self.byteCount(packing: source)), at: 0)
        try Self.pack([source], into: [self], team: team)
    }

    /// Packs several matrices one after the other into one stretch of memory, for the sake of large pages.
    ///
    /// - Throws: As ``init(packing:team:)``.
    package static func packing(_ sources: [MatrixSource], team: WorkerTeam) throws(TensorError) -> [PackedMatrix] {
        var offsets: [Int] = []
        var bytes = 0
        for source in sources {
            offsets.append(bytes)
            bytes += (byteCount(packing: source) + registerBytes - 1) / registerBytes * registerBytes
        }
        let storage = try AlignedBuffer<UInt8>(count: bytes)
        let matrices = zip(sources, offsets).map { PackedMatrix($0, in: storage, at: $1) }
        try pack(sources, into: matrices, team: team)
        return matrices
    }
}

// MARK: - Packing

extension PackedMatrix {
    /// Bytes of files that are read before their pages are given back.
    private static let packedRunBytes = 16 << 20
    /// Row groups that a worker packs at a time.
    private static let packedGroups = 4

    private static func pack(
        _ sources: [MatrixSource], into matrices: [PackedMatrix], team: WorkerTeam
    ) throws(TensorError) {
        let total = matrices.reduce(0) { $0 + $1.groups }
        // The first matrix with a weight that is not finite, for the message.
        let firstFailed = Atomic<Int>(matrices.count)
        // Calls `body` with each matrix of which some of the groups are, and with those groups of it.
        func forEachMatrix(_ groups: Range<Int>, _ body: (Int, Range<Int>) -> Void) {
            var first = 0
            for (place, matrix) in matrices.enumerated() {
                let part = groups.clamped(to: first..<first + matrix.groups)
                if !part.isEmpty { body(place, part.lowerBound - first..<part.upperBound - first) }
                first += matrix.groups
            }
        }
        // One matrix may have hundreds of megabytes, whose pages are given back run by run, too.
        let bytes = sources.reduce(0) { $0 + $1.byteCount }
        let run = max(packedGroups * team.workers, total * packedRunBytes / max(bytes, 1))
        for start in stride(from: 0, to: total, by: run) {
            let groups = start..<min(start + run, total)
            team.forEach(groups.count, grain: packedGroups) { range in
                forEachMatrix(start + range.lowerBound..<start + range.upperBound) { place, part in
                    if !matrices[place].pack(sources[place], groups: part) {
                        firstFailed.min(place, ordering: .relaxed)
                    }
                }
            }
            forEachMatrix(groups) { place, part in
                let source = sources[place]
                source.forget(part.lowerBound * groupRows..<min(part.upperBound * groupRows, source.rows.count))
            }
        }
        let failed = firstFailed.load(ordering: .relaxed)
        guard failed == matrices.count else {
            let tensor = sources[failed].tensor
            throw TensorError(
                .malformedFile,
                "\(tensor.file.path): tensor '\(tensor.exponents?.name ?? tensor.name)' has a "
                    + "\(tensor.type.blockElements > 1 ? "scale" : "weight") that is infinite or no number")
        }
    }

    /// - Returns: Whether all weights are finite.
    private func pack(_ source: MatrixSource, groups: Range<Int>) -> Bool {
        let tensor = source.tensor
        guard let bytes = tensor.bytes.baseAddress else { preconditionFailure("a matrix has bytes") }
        let rowBytes = columns / type.blockElements * type.blockBytes
        let packer = GroupPacker(type: type, columns: columns)
        var areFinite = true
        for group in groups {
            let first = source.rows.lowerBound + group * Self.groupRows
            let target = UnsafeMutableRawPointer(start + group * groupBytes)
            let here = first..<min(first + Self.groupRows, source.rows.upperBound)
            if source.isVerbatim {
                for (lane, row) in here.enumerated() {
                    areFinite =
                        packer.pack(row: bytes + source.storedRow(row) * rowBytes, lane: lane, into: target)
                        && areFinite
                }
            } else {
                RowEncoder(source).forEachRow(here) { lane, row in
                    areFinite = packer.pack(row: row, lane: lane, into: target) && areFinite
                }
            }
        }
        return areFinite
    }
}
