import Dispatch
import Foundation
import Synchronization

/// Admits requests within the limits of their key, its owner and their model, and keeps a row of what each took.
///
///     let ledger = try Ledger(LedgerConfiguration(directory: path), storage: store)
///     let ticket = try await ledger.admit(request)            // a place
///     let limit = try ticket.open(promptTokens: 40, choices: 1, limit: 200)  // tokens and money
///     while ticket.count(isReasoning: false, goesOn: true) { ... }           // for each token
///     ticket.settle(.completed, tokens)
///     try await ticket.recorded()                             // now the client may be told what it took
///
/// One process owns a directory's ledger. What is spent and reserved is held in memory, which is why a budget holds to the
/// token; the journal, the slots of running requests and the database behind them keep it over restarts.
package final class Ledger: Sendable {
    private let configuration: LedgerConfiguration
    private let storage: any UsageStorage
    private let calendar: LedgerCalendar
    private let owner: OwnerLock
    private let journal: Journal
    private let slots: SlotFile
    private let book = Mutex(AccountBook())
    /// Refusals by reason, for metrics.
    private let refused = Mutex<[String: Int]>([:])
    /// Where the database is asked what scopes have spent: it may block.
    private let reading = DispatchQueue(label: "pinion.ledger.accounts")

    /// Takes the directory, folds what an earlier process left in it, and counts as lost what ran when it ended.
    ///
    /// - Parameter storage: Opened only once the directory is taken: opening it already changes the database, and another
    ///   server's would not be its own any more.
    /// - Throws: ``LedgerError``, or what the storage throws.
    package init(_ configuration: LedgerConfiguration, storage: @autoclosure () throws -> any UsageStorage) throws {
        self.configuration = configuration
        let directory = configuration.directory
        owner = try OwnerLock(directory: directory)
        let storage = try storage()
        self.storage = storage
        slots = try SlotFile(path: "\(directory)/usage-running", count: configuration.concurrentRequests)
        journal = try Journal(
            configuration, storage: storage, lost: slots.lostRows())
        try LedgerFile.syncDirectory(directory)
        slots.clear()
        calendar = LedgerCalendar(
            timeZone: configuration.timeZone, latest: try storage.latestDay(), clock: configuration.clock)
    }

    /// What amounts are in.
    package var currency: Currency { storage.currency }

    /// Waits until no request runs, but not longer than for a time: those that were cancelled settle a step or two later.
    package func quiesce(within time: Duration) async {
        let end = ContinuousClock.now + time
        while book.withLock({ $0.claims }) > 0, ContinuousClock.now < end {
            // Cancellation changes nothing: the time has its bound.
            try? await Task.sleep(for: Self.quiescenceInterval)
        }
    }

    private static let quiescenceInterval = Duration.milliseconds(5)

    /// Folds every settled row into the database. A request that still runs is counted as lost by the next start.
    package func close() {
        journal.close()
        if book.withLock({ $0.claims }) == 0 { slots.retire() }
    }

    /// Takes a place for a request with its key, owner and model, or with none of them.
    ///
    /// - Throws: ``Refusal``; what the storage throws when it cannot tell what a scope has spent.
    package func admit(_ request: LedgerRequest) async throws -> LedgerTicket {
        guard request.account.allows(request.model) else { throw counted(Refusal(.model)) }
        let scopes = request.scopes
        for scope in book.withLock({ $0.unknown(of: scopes) }) {
            let day = calendar.today()
            let spent = try await spent(by: scope, on: day)
            book.withLock { $0.learn(scope, spent, on: day) }
        }
        do {
            let (claim, day) = try book.withLock { book throws(Refusal) in
                guard hasRoom(beside: book.claims) else { throw Refusal(.ledger) }
                // Under the lock, so that days reach the book in order: a late admission of yesterday would drop today's.
                let day = calendar.today()
                let asked = AccountBook.Request(scopes: scopes, prices: request.terms.prices, day: day)
                return (try book.begin(asked, now: .now), day)
            }
            return LedgerTicket(request, claim, day: day, admitted: configuration.clock(), of: self)
        } catch {
            throw counted(error)
        }
    }

    private func spent(by scope: Scope, on day: LedgerCalendar.Day) async throws -> Spent {
        try await withCheckedThrowingContinuation { continuation in
            reading.async { [storage] in
                continuation.resume(with: Result { try storage.spent(by: scope, on: day) })
            }
        }
    }

    /// Whether there is room for one more request: its row has to fit the journal beside the rows of all requests that run,
    /// which may all end in one segment.
    private func hasRoom(beside claims: Int) -> Bool {
        let state = journal.state
        let rows = claims + state.unwritten + 1
        return state.failure == nil && rows <= configuration.concurrentRequests
            && state.room >= 2 * rows * JournalSegment.maximumRecordLength
    }

    func counted(_ refusal: Refusal) -> Refusal {
        refused.withLock { $0[refusal.reason.rawValue, default: 0] += 1 }
        return refusal
    }
}

// MARK: - For tickets

extension Ledger {
    func reserve(
        _ claim: AccountBook.Claim, promptTokens: Int, outputTokens: Int
    ) throws(Refusal) {
        do {
            try book.withLock { book throws(Refusal) in
                try book.reserve(claim, promptTokens: promptTokens, outputTokens: outputTokens, now: .now)
            }
        } catch {
            throw counted(error)
        }
    }

    func extend(_ claim: AccountBook.Claim, by tokens: Int) -> Int {
        book.withLock { $0.extend(claim, by: tokens) }
    }

    func release(_ claim: AccountBook.Claim) {
        book.withLock { $0.release(claim) }
    }

    /// - Parameter most: Tokens that all choices may have together.
    func slot(for row: UsageRow, most: Int) throws(Refusal) -> (index: Int, slot: UsageSlot) {
        guard let taken = slots.take(for: row, most: most) else { throw counted(Refusal(.ledger)) }
        return taken
    }

    /// Settles a claim, and calls `completion` once the row is kept; its slot is free then.
    func settle(
        _ claim: AccountBook.Claim, _ row: UsageRow, slot: Int, completion: @escaping Journal.Completion
    ) {
        // Under one lock, so that an admission counts the request as running or its row as unwritten, and never as neither.
        book.withLock { book in
            book.settle(claim, tokens: row.tokens.total, cost: row.cost)
            journal.append(row) { [slots] result in
                // A row that could not be written stays in its slot, and is found there by the next start.
                if case .success = result { slots.giveBack(slot) }
                completion(result)
            }
        }
    }

    func rates(of claim: AccountBook.Claim) -> (requests: RateState?, tokens: RateState?) {
        book.withLock { $0.rates(of: claim, now: .now) }
    }

    func levels(of claim: AccountBook.Claim) -> [AccountBook.Level] {
        book.withLock { $0.levels(of: claim, from: configuration.warningPercent) }
    }

    /// Milliseconds since 1970 of a time of the ledger's clock.
    static func milliseconds(_ date: Date) -> Int { Int((date.timeIntervalSince1970 * 1_000).rounded(.down)) }
}

// MARK: - What is told

extension Ledger {
    /// What metrics tell of the ledger.
    package struct State: Sendable {
        package var running: Int
        package var reservedTokens: Int
        /// Bytes of rows that are not in the database yet.
        package var journalLength: Int
        package var journalRoom: Int
        package var foldTime: Duration
        /// Why the last fold failed; nil after one that did not.
        package var foldFailure: String?
        package var refusals: [String: Int]
    }

    package var state: State {
        let (running, reserved) = book.withLock { ($0.claims, $0.reservedTokens) }
        let journal = journal.state
        return State(
            running: running, reservedTokens: reserved, journalLength: journal.length, journalRoom: journal.room,
            foldTime: journal.foldTime, foldFailure: journal.foldFailure ?? journal.failure?.message,
            refusals: refused.withLock { $0 })
    }

    /// What a scope has taken until now.
    ///
    /// - Throws: What the storage throws.
    package func use(of scope: Scope) async throws -> ScopeUse {
        let day = calendar.today()
        if let use = book.withLock({ $0.use(of: scope, on: day) }) { return use }
        return ScopeUse(spent: try await spent(by: scope, on: day), reserved: Spent.Amount(), running: 0)
    }
}
