import Foundation
import PinionLedger
import Synchronization
import Testing

@Suite("What a ledger finds after its process has ended", .timeLimit(.minutes(2)))
struct RecoveryTests {
    private static func settled(_ id: String, in ledger: Ledger, tokens: Int = 5) async throws {
        let ticket = try await ledger.admit(LedgerPlace.request(id))
        _ = try ticket.open(promptTokens: 3, choices: 1, limit: 100)
        ticket.settle(.completed, TokenCounts(input: 3, output: tokens), status: 200)
        try await ticket.recorded()
    }

    /// Copies the ledger's files as a kill would leave them now.
    private static func copy(_ place: LedgerPlace) throws -> LedgerPlace {
        let copy = try LedgerPlace()
        for name in try FileManager.default.contentsOfDirectory(atPath: place.directory) {
            try FileManager.default.copyItem(
                atPath: "\(place.directory)/\(name)", toPath: "\(copy.directory)/\(name)")
        }
        return copy
    }

    @Test("A settled row is in the journal before its client may be told")
    func settledRows() async throws {
        let place = try LedgerPlace()
        place.storage.fail(true)
        let ledger = try place.ledger()
        for index in 0..<20 {
            try await Self.settled("req_\(index)", in: ledger)
            let left = try Self.copy(place)
            _ = try left.ledger()
            #expect(left.storage.rows.count == index + 1)
            #expect(left.storage.row("req_\(index)")?.outcome == .completed)
        }
    }

    @Test("Slots of another version are refused, and left as they are")
    func foreignSlots() async throws {
        let place = try LedgerPlace()
        do { _ = try place.ledger() }
        let path = place.directory + "/usage-running"
        let file = try #require(FileHandle(forUpdatingAtPath: path))
        try file.seek(toOffset: 4)
        try file.write(contentsOf: [1, 0, 0, 0])
        try file.close()
        let before = FileManager.default.contents(atPath: path)
        let error = #expect(throws: LedgerError.self) { try place.ledger() }
        #expect(error?.code == .damaged)
        #expect(FileManager.default.contents(atPath: path) == before)
    }

    @Test("What ran is lost with as many tokens as were published, and costs nothing")
    func lostRows() async throws {
        let place = try LedgerPlace()
        let ledger = try place.ledger()
        let request = LedgerPlace.request("req_1", prices: Prices(input: 1, cachedInput: 1, output: 1))
        let ticket = try await ledger.admit(request)
        _ = try ticket.open(promptTokens: 3, choices: 2, limit: 100)
        for published in 1...10 {
            _ = ticket.count(isReasoning: published <= 4, goesOn: true)
            let left = try Self.copy(place)
            _ = try left.ledger()
            let row = try #require(left.storage.row("req_1"))
            #expect(row.outcome == .lost)
            #expect(row.tokens == TokenCounts(input: 3, output: published, reasoning: min(published, 4)))
            #expect(row.cost == 0)
        }
        ticket.settle(.cancelled, TokenCounts(input: 3, output: 11), status: 499)
        try await ticket.recorded()
        let left = try Self.copy(place)
        _ = try left.ledger()
        #expect(left.storage.row("req_1")?.outcome == .cancelled)
        #expect(left.storage.rows.count == 1)
    }

    @Test("A journal that is cut at any byte keeps the rows before it, and is written on")
    func cutJournal() async throws {
        let place = try LedgerPlace()
        place.storage.fail(true)
        let ledger = try place.ledger { $0.segmentSize = 64 << 10 }
        for index in 0..<3 { try await Self.settled("req_\(index)", in: ledger) }
        let copy = try Self.copy(place)
        let paths = (0...1).map { "\(copy.directory)/usage-journal.\($0)" }
        let path = try #require(try paths.max { try Self.used($0) < Self.used($1) })
        let whole = try Data(contentsOf: URL(filePath: path))
        let end = try Self.used(path)
        #expect(end > 3 * 100)
        var counts = Set<Int>()
        for length in stride(from: 0, through: end, by: 1) {
            try whole.prefix(length).write(to: URL(filePath: path))
            let left = try Self.copy(copy)
            do {
                let reopened = try left.ledger { $0.segmentSize = 64 << 10 }
                counts.insert(left.storage.rows.count)
                if length % 97 == 0 {
                    try await Self.settled("req_after", in: reopened)
                    reopened.close()
                    #expect(left.storage.row("req_after") != nil)
                }
            } catch let error as LedgerError {
                // A head that is cut in its first bytes is none of ours.
                #expect(error.code == .damaged && length < 4, "\(length)")
            }
        }
        #expect(counts == Set(0...3))
    }

    /// Bytes up to the last that is not zero.
    private static func used(_ path: String) throws -> Int {
        try Data(contentsOf: URL(filePath: path)).lastIndex { $0 != 0 }.map { $0 + 1 } ?? 0
    }

    @Test("A bit that flips costs the row that it is in, and no other; rows behind it say that it did")
    func damagedJournal() async throws {
        let place = try LedgerPlace()
        place.storage.fail(true)
        let ledger = try place.ledger { $0.segmentSize = 64 << 10 }
        for index in 0..<3 { try await Self.settled("req_\(index)", in: ledger) }
        let path = try #require(
            try (0...1).map { "\(place.directory)/usage-journal.\($0)" }.max { try Self.used($0) < Self.used($1) })
        let whole = try Data(contentsOf: URL(filePath: path))
        for place in stride(from: 16, to: try Self.used(path), by: 3) {
            var damaged = whole
            damaged[place] ^= 0x10
            let other = try LedgerPlace()
            try damaged.write(to: URL(filePath: "\(other.directory)/usage-journal.0"))
            let told = Mutex<[String]>([])
            _ = try other.ledger {
                $0.segmentSize = 64 << 10
                $0.onTrouble = { message in told.withLock { $0.append(message) } }
            }
            #expect(other.storage.rows.count == 2, "\(place)")
            // The last row could have been cut by a kill: nothing behind it tells the two apart.
            let isLast = other.storage.row("req_2") == nil
            #expect(told.withLock(\.count) == (isLast ? 0 : 1))
            let copies = try FileManager.default.contentsOfDirectory(atPath: other.directory)
                .filter { $0.contains("damaged") }
            #expect(copies.count == (isLast ? 0 : 1))
            if let copy = copies.first {
                #expect(FileManager.default.contents(atPath: "\(other.directory)/\(copy)") == damaged)
            }
        }
    }

    @Test("Counts of a slot that no request could have come to are bounded by what it might have")
    func damagedCounts() async throws {
        let place = try LedgerPlace()
        let ledger = try place.ledger()
        let ticket = try await ledger.admit(LedgerPlace.request("req_1"))
        _ = try ticket.open(promptTokens: 3, choices: 2, limit: 100)
        #expect(ticket.count(isReasoning: false, goesOn: true))
        let copy = try Self.copy(place)
        let path = copy.directory + "/usage-running"
        var bytes = try Data(contentsOf: URL(filePath: path))
        // The counts stand 16 bytes behind the one slot that is taken, whose state is 1.
        let slot = try #require(
            stride(from: 64, to: bytes.count, by: 64).first { bytes[$0] == 1 && bytes[$0 + 16] == 1 })
        bytes[slot + 21] = 1
        bytes[slot + 29] = 1
        try bytes.write(to: URL(filePath: path))
        _ = try copy.ledger()
        let row = try #require(copy.storage.row("req_1"))
        #expect(row.tokens == TokenCounts(input: 3, output: 200, reasoning: 200))
    }

    @Test("A ledger that is closed in order leaves no slots that another version would stumble over")
    func retiredSlots() async throws {
        let place = try LedgerPlace()
        do {
            let ledger = try place.ledger()
            try await Self.settled("req_1", in: ledger)
            ledger.close()
        }
        let head = try #require(FileManager.default.contents(atPath: place.directory + "/usage-running")).prefix(4)
        #expect(head.allSatisfy { $0 == 0 })
        _ = try place.ledger()
        #expect(place.storage.rows.count == 1)
    }

    @Test("A directory that another process owns is left alone, and so is its storage")
    func ownedStorage() throws {
        let place = try LedgerPlace()
        let ledger = try place.ledger()
        var isOpened = false
        func open() -> MemoryStorage {
            isOpened = true
            return place.storage
        }
        let error = #expect(throws: LedgerError.self) {
            try Ledger(LedgerConfiguration(directory: place.directory), storage: open())
        }
        #expect(error?.code == .owned)
        #expect(!isOpened)
        withExtendedLifetime(ledger) {}
    }

    @Test("While the database cannot grow, rows are kept, and requests refused before the journal is full")
    func fullDatabase() async throws {
        let place = try LedgerPlace()
        let ledger = try place.ledger {
            $0.segmentSize = 64 << 10
            $0.concurrentRequests = 4
        }
        place.storage.fail(true)
        var admitted = 0
        var refused: Refusal?
        while refused == nil, admitted < 10_000 {
            do {
                try await Self.settled("req_\(admitted)", in: ledger)
                admitted += 1
            } catch let refusal as Refusal {
                refused = refusal
            }
        }
        #expect(refused?.reason == .ledger)
        #expect(admitted > 100)
        #expect(ledger.state.foldFailure != nil)
        place.storage.fail(false)
        // The next fold makes room.
        for _ in 0..<100 where (try? await Self.settled("req_again", in: ledger)) == nil {
            try await Task.sleep(for: .milliseconds(100))
        }
        ledger.close()
        #expect(place.storage.rows.count == admitted + 1)
    }

    @Test("A directory has one owner at a time, which a second is told")
    func owner() throws {
        let place = try LedgerPlace()
        let ledger = try place.ledger()
        let error = #expect(throws: LedgerError.self) { try place.ledger() }
        #expect(error?.code == .owned)
        #expect(error?.message.contains("process \(ProcessInfo.processInfo.processIdentifier)") == true)
        withExtendedLifetime(ledger) {}
    }

    @Test("Many rows at once are all kept, by either durability", arguments: Durability.allCases)
    func crowd(durability: Durability) async throws {
        let place = try LedgerPlace()
        let ledger = try place.ledger { $0.durability = durability }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for client in 0..<32 {
                group.addTask {
                    for index in 0..<20 { try await Self.settled("req_\(client)_\(index)", in: ledger) }
                }
            }
            try await group.waitForAll()
        }
        ledger.close()
        #expect(place.storage.rows.count == 640)
        #expect(place.storage.folds < 640)
    }
}
