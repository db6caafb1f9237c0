import Dispatch
import Synchronization

/// Writes settled rows to a journal before their clients hear of them, and folds the journal into the database behind it.
///
/// There are two segments: while the rows of one are folded, the other takes new ones. A segment is cut only after the
/// database has said that its rows survive a power loss; rows are counted once by their request's id, so that a fold that
/// a kill interrupts is repeated at the next start.
///
/// Rows that come while others are written go with the next write, and share its `fdatasync` where there is one.
///
/// - Note: `@unchecked Sendable` is sound because `segments` and `active` are used by `init`, before another thread knows
///   the journal, and on ``writing`` alone after that; Dispatch lets any thread cancel `timer`.
final class Journal: @unchecked Sendable {
    typealias Completion = @Sendable (Result<Void, LedgerError>) -> Void

    /// What the journal looks like to metrics.
    struct State: Sendable {
        /// Bytes that rows may still take.
        var room = 0
        /// Rows that were appended and are not written yet.
        var unwritten = 0
        /// Bytes of rows that are not in the database yet.
        var length = 0
        /// Seconds of the last fold.
        var foldTime = Duration.zero
        /// Why the last fold failed; nil after one that did not.
        var foldFailure: String?
        /// Why nothing can be written any more.
        var failure: LedgerError?
    }

    /// Time after which rows are folded, so that reports are up to date.
    private static let foldInterval = DispatchTimeInterval.milliseconds(500)

    private let durability: Durability
    private let storage: any UsageStorage
    private let segments: [JournalSegment]
    /// The segment that takes rows; the other is empty, or waits to be folded.
    private var active = 0
    private let writing = DispatchQueue(label: "pinion.ledger.journal", qos: .userInitiated)
    private let folding = DispatchQueue(label: "pinion.ledger.fold", qos: .utility)
    private let timer: any DispatchSourceTimer
    private let waiting = Mutex<[(row: UsageRow, completion: Completion)]>([])
    private let published: Mutex<State>
    private let onTrouble: @Sendable (String) -> Void
    private let faultPoints = FaultPoints.shared

    /// Opens the journal and folds what an earlier process left in it.
    ///
    /// - Throws: ``LedgerError``, or what the storage throws.
    init(
        _ configuration: LedgerConfiguration, storage: any UsageStorage, lost: [UsageRow]
    ) throws {
        durability = configuration.durability
        onTrouble = configuration.onTrouble
        self.storage = storage
        var segments: [JournalSegment] = []
        for name in ["usage-journal.0", "usage-journal.1"] {
            let path = "\(configuration.directory)/\(name)"
            segments.append(try JournalSegment(path: path, size: configuration.segmentSize))
        }
        for segment in segments where segment.damagedBytes > 0 {
            onTrouble(
                "\(segment.damagedBytes) bytes of \(segment.path) are damaged: the rows in them are lost, and those around "
                    + "them are kept; the file as it was is \(try segment.keepCopy())")
        }
        // Rows that were settled come first: a slot of the same request knows less.
        let left = segments.sorted { $0.generation < $1.generation }.flatMap(\.rows)
        if !(left + lost).isEmpty { try storage.fold(left + lost) }
        for segment in segments where !segment.isEmpty { try segment.cut() }
        self.segments = segments
        published = Mutex(State(room: segments.reduce(0) { $0 + $1.room }))
        timer = DispatchSource.makeTimerSource(queue: folding)
        timer.schedule(deadline: .now() + Self.foldInterval, repeating: Self.foldInterval)
        timer.setEventHandler { [weak self] in self?.fold() }
        timer.activate()
    }

    deinit {
        timer.cancel()
    }

    var state: State { published.withLock { $0 } }

    /// Writes a row; `completion` is called once it would survive what ``Durability`` names.
    func append(_ row: UsageRow, completion: @escaping Completion) {
        published.withLock { $0.unwritten += 1 }
        let isFirst = waiting.withLock { waiting in
            waiting.append((row, completion))
            return waiting.count == 1
        }
        if isFirst { writing.async { self.write() } }
    }

    private func write() {
        let batch = waiting.withLock { waiting in
            defer { waiting = [] }
            return waiting
        }
        guard !batch.isEmpty else { return }
        var result = Result<Void, LedgerError>.success(())
        do throws(LedgerError) {
            try write(batch.map(\.row))
        } catch {
            result = .failure(error)
            // A journal without room has some after the next fold; a file that cannot be written has not.
            if error.code != .diskFull {
                let isFirst = published.withLock { state in
                    defer { state.failure = error }
                    return state.failure == nil
                }
                if isFirst { onTrouble("usage cannot be written, and requests are refused: \(error)") }
            }
        }
        published.withLock { $0.unwritten -= batch.count }
        publish()
        for entry in batch { entry.completion(result) }
    }

    private func write(_ rows: [UsageRow]) throws(LedgerError) {
        if segments[active].room < rows.count * JournalSegment.maximumRecordLength, segments[1 - active].isEmpty {
            active = 1 - active
            folding.async { self.fold() }
        }
        // What does not fit although admission kept room would be lost by a wait for the fold, too.
        guard segments[active].room >= rows.count * JournalSegment.maximumRecordLength else {
            throw LedgerError(.diskFull, "the journal of usage is full")
        }
        faultPoints.reach(.beforeJournal)
        try segments[active].append(rows)
        if durability == .power { try segments[active].sync() }
        faultPoints.reach(.afterJournal)
    }

    private func publish() {
        let (other, current) = (segments[1 - active], segments[active])
        published.withLock { state in
            state.room = current.room + (other.isEmpty ? other.room : 0)
            state.length = current.usedBytes + other.usedBytes
        }
    }

    // MARK: - Folding

    /// Folds one segment: the inactive one if it has rows, which an earlier fold failed to fold, else the active one.
    private func fold() {
        guard let (segment, rows) = writing.sync(execute: { nextFold() }) else { return }
        let began = ContinuousClock.now
        do {
            faultPoints.reach(.beforeFold)
            try storage.fold(rows)
            faultPoints.reach(.beforeCut)
            try writing.sync {
                try segment.cut()
                publish()
            }
            faultPoints.reach(.afterCut)
            noteFold(.success(began.duration(to: .now)))
        } catch {
            noteFold(.failure(error))
        }
    }

    /// Tells of the first failure and of the first fold after it: folds come twice a second.
    private func noteFold(_ result: Result<Duration, any Error>) {
        let before = published.withLock { state in
            defer {
                switch result {
                case .success(let time): (state.foldTime, state.foldFailure) = (time, nil)
                case .failure(let error): state.foldFailure = "\(error)"
                }
            }
            return state.foldFailure
        }
        switch result {
        case .success:
            if before != nil { onTrouble("usage is moved into the database again") }
        case .failure(let error):
            if before == nil {
                onTrouble("usage stays in the journal, which holds a part of it: \(error)")
            }
        }
    }

    private func nextFold() -> (JournalSegment, [UsageRow])? {
        if segments[1 - active].isEmpty {
            guard !segments[active].isEmpty else { return nil }
            active = 1 - active
            publish()
        }
        let segment = segments[1 - active]
        return (segment, segment.rows)
    }

    /// Writes and folds everything there is; what cannot be folded stays in the journal for the next start.
    func close() {
        timer.cancel()
        writing.sync { write() }
        // Twice, because each fold takes one segment.
        folding.sync {
            fold()
            fold()
        }
    }
}

/// What a settled row survives before its client hears of it.
package enum Durability: String, Sendable, CaseIterable {
    /// The end of the process, by whatever signal.
    case process
    /// A power loss, too: the journal is synced, for all rows that come at about the same time at once.
    case power
}
