/// A preallocated file that rows are appended to until they are in the database, and which is then cut to nothing.
///
/// It begins with a magic number, a version and a generation; each record is a length and a checksum of 4 bytes each, then
/// a row (``RowCoder``). A cut writes the next generation, which every checksum begins with: the bytes of older records
/// stay where they are, and are records no more. Bytes that are no record end the segment, so that a process that was
/// killed in a write leaves all rows before it; unless records of this generation stand behind them, which only damage
/// explains: those are kept, too.
final class JournalSegment {
    /// `PNJ1` in ASCII.
    private static let magic: UInt32 = 0x314A_4E50
    private static let headerLength = 16
    private static let recordHeaderLength = 8
    /// Bytes of the longest record.
    static let maximumRecordLength = recordHeaderLength + RowCoder.maximumLength

    private let file: LedgerFile
    private(set) var generation: UInt64
    /// Where the next record goes.
    private var end = headerLength
    /// The rows that are in it.
    private(set) var rows: [UsageRow] = []
    /// Bytes between records that were found to be none when the segment was opened.
    private(set) var damagedBytes = 0
    var path: String { file.path }

    /// Opens a segment and reads what an earlier process left in it.
    init(path: String, size: Int) throws(LedgerError) {
        file = try LedgerFile(path: path, size: size)
        let bytes = try file.read(size)
        generation = 1
        if let found = try Self.generation(of: bytes, path: path) {
            generation = found
            (rows, end, damagedBytes) = try Self.records(in: bytes, generation: found, path: path)
        } else {
            try cut()
        }
    }

    var isEmpty: Bool { end == Self.headerLength }
    /// Bytes that records may still take.
    var room: Int { file.size - end }
    var usedBytes: Int { end - Self.headerLength }

    /// Appends rows with one write.
    ///
    /// - Precondition: There is ``room`` for a record of ``maximumRecordLength`` for each.
    func append(_ rows: [UsageRow]) throws(LedgerError) {
        var bytes: [UInt8] = []
        for row in rows {
            let payload = RowCoder.encode(row)
            bytes += Bytes.of(UInt32(payload.count)) + Bytes.of(Self.checksum(payload, generation)) + payload
        }
        try file.write(bytes, at: end)
        end += bytes.count
        self.rows += rows
    }

    func sync() throws(LedgerError) { try file.sync() }

    /// Drops all rows.
    func cut() throws(LedgerError) {
        generation += 1
        try file.write(Bytes.of(Self.magic) + [0, 0, 0, 0] + Bytes.of(generation), at: 0)
        try file.sync()
        end = Self.headerLength
        rows = []
    }

    /// - Returns: nil for a file that nothing was written to yet.
    /// - Throws: `damaged` for a file of another kind.
    private static func generation(of bytes: [UInt8], path: String) throws(LedgerError) -> UInt64? {
        guard bytes.count >= headerLength, bytes.prefix(headerLength).contains(where: { $0 != 0 }) else { return nil }
        guard Bytes.integer(bytes[0..<4]) == magic else {
            throw LedgerError(.damaged, "\(path) is no journal of this version; move it away to begin with a new one")
        }
        return Bytes.integer(bytes[8..<16])
    }

    /// Copies the file as it is beside itself, for people to look at.
    ///
    /// - Returns: The copy's path.
    func keepCopy() throws(LedgerError) -> String {
        let path = "\(path).damaged-\(generation)"
        let copy = try LedgerFile(path: path, size: file.size)
        try copy.write(try file.read(file.size), at: 0)
        try copy.sync()
        return path
    }

    /// The rows of a segment's bytes, where they end, and how many bytes between them are no record.
    ///
    /// - Throws: `damaged` for a whole row that this version cannot read: the version that wrote it has to fold it first.
    private static func records(
        in bytes: [UInt8], generation: UInt64, path: String
    ) throws(LedgerError) -> (rows: [UsageRow], end: Int, damaged: Int) {
        var (rows, end, damaged): ([UsageRow], Int, Int) = ([], headerLength, 0)
        var at = headerLength
        while at + recordHeaderLength <= bytes.count {
            guard let payload = record(in: bytes, at: at, generation: generation) else {
                // A record may begin at any byte behind damage.
                at += 1
                continue
            }
            guard let row = RowCoder.decode(payload) else {
                throw LedgerError(
                    .damaged,
                    "\(path) holds usage of another version of pinion; start that version once, so that it is folded")
            }
            rows.append(row)
            damaged += at - end
            end = at + recordHeaderLength + payload.count
            at = end
        }
        return (rows, end, damaged)
    }

    /// The payload of the record that begins at a byte; nil where none of this generation does.
    private static func record(in bytes: [UInt8], at: Int, generation: UInt64) -> ArraySlice<UInt8>? {
        let length = Int(Bytes.integer(bytes[at..<at + 4]) as UInt32)
        let start = at + recordHeaderLength
        guard (1...RowCoder.maximumLength).contains(length), start + length <= bytes.count else { return nil }
        let payload = bytes[start..<start + length]
        return checksum(payload, generation) == Bytes.integer(bytes[at + 4..<start]) ? payload : nil
    }

    private static func checksum(_ payload: some Sequence<UInt8>, _ generation: UInt64) -> UInt32 {
        Checksum.of(payload, seed: Checksum.of(Bytes.of(generation)))
    }
}
