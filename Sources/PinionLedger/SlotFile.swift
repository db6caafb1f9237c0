#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif
import Synchronization

/// The requests that run, in a file that is mapped into memory: what a killed process leaves of them.
///
/// A slot holds the row of a request with its counts, which are written before tokens are published. The kernel keeps a
/// mapped page when its process is killed, so that a client has never seen a token that the slot does not count. It does
/// not survive a power loss.
///
/// The file begins with a magic number, a version and the length of a slot: a file with other ones was written by another
/// version, whose slots would be read as what they are not.
///
/// - Note: `@unchecked Sendable` is sound because a slot belongs to one request from `take` to `giveBack`: its ticket writes
///   under a lock and lets go of the slot when it settles, and only then the journal's queue gives it back.
final class SlotFile: @unchecked Sendable {
    /// `PNS1` in ASCII.
    private static let magic: UInt32 = 0x3153_4E50
    private static let magicLength = 4
    /// Bytes before the first slot: a cache line.
    private static let fileHeaderLength = 64
    /// Of a slot: its state, the length and the checksum of its row, and the counts.
    private static let headerLength = 64
    /// A slot with room for the longest row, in whole cache lines.
    private static let slotLength = (headerLength + RowCoder.maximumLength + 63) / 64 * 64

    private let file: LedgerFile
    private let memory: UnsafeMutableRawPointer
    private let free: Mutex<[Int]>
    let count: Int
    /// Whether the file was not one of this version's before.
    private let isNew: Bool

    /// - Throws: `diskFull`, `unavailable`; `damaged` for a file of another version.
    init(path: String, count: Int) throws(LedgerError) {
        file = try LedgerFile(path: path, size: Self.fileHeaderLength + count * Self.slotLength)
        let header = Bytes.of(Self.magic) + Bytes.of(UInt32(Self.slotLength))
        let found = try file.read(header.count)
        if found.prefix(Self.magicLength).allSatisfy({ $0 == 0 }) {
            try file.write(header, at: 0)
            isNew = true
        } else if found == header {
            isNew = false
        } else {
            throw LedgerError(
                .damaged,
                "\(path) is no file of running requests of this version of pinion; stop the version that wrote it in "
                    + "order, so that they are counted, or move the file away")
        }
        guard let memory = mmap(nil, file.size, PROT_READ | PROT_WRITE, MAP_SHARED, file.descriptor, 0),
            memory != MAP_FAILED
        else { throw .system("map", path) }
        self.memory = memory
        self.count = count
        free = Mutex(Array((0..<count).reversed()))
    }

    deinit {
        munmap(memory, file.size)
    }

    private func slot(_ index: Int) -> UsageSlot {
        UsageSlot(memory + Self.fileHeaderLength + index * Self.slotLength, header: Self.headerLength)
    }

    /// The rows of requests that ran when their process was killed, as far as they had come.
    func lostRows() -> [UsageRow] {
        // What lies in a file without a version is not this version's.
        if isNew { return [] }
        return (0..<count).compactMap { slot($0).lostRow }
    }

    /// Leaves a file that any version takes for a new one. Only when no request runs any more.
    func retire() {
        try? file.write([UInt8](repeating: 0, count: Self.magicLength), at: 0)
    }

    /// Forgets every request. Only before the first is begun.
    func clear() {
        for index in 0..<count { slot(index).end() }
    }

    /// A slot for a request, which holds its row from now on; nil where all are taken.
    ///
    /// - Parameter most: Tokens that the request may have.
    func take(for row: UsageRow, most: Int) -> (index: Int, slot: UsageSlot)? {
        guard let index = free.withLock({ $0.popLast() }) else { return nil }
        let slot = slot(index)
        slot.begin(row, most: most)
        return (index, slot)
    }

    func giveBack(_ index: Int) {
        slot(index).end()
        free.withLock { $0.append(index) }
    }
}

/// One slot of a ``SlotFile``.
///
/// - Note: `@unchecked Sendable` for the reason that its file is.
struct UsageSlot: @unchecked Sendable {
    private enum Offset {
        static let state = 0
        static let length = 4
        static let checksum = 8
        static let output = 16
        static let reasoning = 24
        static let firstTokenTime = 32
        static let most = 40
    }
    private static let running: UInt32 = 1

    private let memory: UnsafeMutableRawPointer
    private let row: UnsafeMutableRawPointer

    init(_ memory: UnsafeMutableRawPointer, header: Int) {
        self.memory = memory
        row = memory + header
    }

    /// - Parameter most: Tokens that the request may have. What says that it had more is damage.
    func begin(_ row: UsageRow, most: Int) {
        let bytes = RowCoder.encode(row)
        UnsafeMutableRawBufferPointer(start: self.row, count: bytes.count).copyBytes(from: bytes)
        memory.storeBytes(of: UInt32(bytes.count), toByteOffset: Offset.length, as: UInt32.self)
        memory.storeBytes(of: Self.checksum(bytes, most), toByteOffset: Offset.checksum, as: UInt32.self)
        memory.storeBytes(of: most, toByteOffset: Offset.most, as: Int.self)
        count(output: 0, reasoning: 0)
        note(firstTokenTime: row.firstTokenTime)
        // Last, so that a row is whole where its slot says that it is there.
        atomicMemoryFence(ordering: .releasing)
        memory.storeBytes(of: Self.running, toByteOffset: Offset.state, as: UInt32.self)
    }

    private static func checksum(_ row: some Sequence<UInt8>, _ most: Int) -> UInt32 {
        Checksum.of(row, seed: Checksum.of(Bytes.of(most)))
    }

    func count(output: Int, reasoning: Int) {
        memory.storeBytes(of: output, toByteOffset: Offset.output, as: Int.self)
        memory.storeBytes(of: reasoning, toByteOffset: Offset.reasoning, as: Int.self)
    }

    func note(firstTokenTime: Int) {
        memory.storeBytes(of: firstTokenTime, toByteOffset: Offset.firstTokenTime, as: Int.self)
    }

    func end() {
        memory.storeBytes(of: 0, toByteOffset: Offset.state, as: UInt32.self)
    }

    /// The row with what was counted, for a slot that was not ended.
    var lostRow: UsageRow? {
        guard memory.load(fromByteOffset: Offset.state, as: UInt32.self) == Self.running else { return nil }
        let length = Int(memory.load(fromByteOffset: Offset.length, as: UInt32.self))
        guard (1...RowCoder.maximumLength).contains(length) else { return nil }
        let bytes = UnsafeRawBufferPointer(start: row, count: length)
        let most = memory.load(fromByteOffset: Offset.most, as: Int.self)
        guard Self.checksum(bytes, most) == memory.load(fromByteOffset: Offset.checksum, as: UInt32.self),
            var found = RowCoder.decode(bytes)
        else { return nil }
        // The counts have no checksum, because they change with each token: damage is bounded instead.
        let output = min(max(0, memory.load(fromByteOffset: Offset.output, as: Int.self)), most)
        found.tokens.output = output
        found.tokens.reasoning = min(max(0, memory.load(fromByteOffset: Offset.reasoning, as: Int.self)), output)
        found.firstTokenTime = memory.load(fromByteOffset: Offset.firstTokenTime, as: Int.self)
        found.outcome = .lost
        return found
    }
}
