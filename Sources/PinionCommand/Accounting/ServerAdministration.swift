import Foundation
import PinionLedger
import PinionServer
import PinionStore
import PinionWire

/// Answers the admin routes from the store and the ledger's database, as the commands do.
struct ServerAdministration: Administration {
    private let admin: EphemeralKeys
    private let store: KeyStore
    private let serverKeys: ServerKeys
    private let ledger: Ledger
    private let usagePath: String
    private let reports = ReportQueue()
    /// Reading blocks. Apart from reports, for which lists do not wait.
    private let readingLists = DispatchQueue(label: "pinion.admin")
    /// Likewise.
    private let readingStatus = DispatchQueue(label: "pinion.status")
    private let outage = StoreOutage()

    /// - Parameters:
    ///   - keys: The admin keys.
    ///   - store: The store that the server authenticates with.
    ///   - serverKeys: All keys that the server accepts.
    /// - Throws: `StoreError` for a key that no header could carry.
    init(
        keys: [String], store: KeyStore, serverKeys: ServerKeys, ledger: Ledger, usagePath: String
    ) throws(StoreError) {
        admin = try EphemeralKeys(keys)
        (self.store, self.serverKeys, self.ledger, self.usagePath) = (store, serverKeys, ledger, usagePath)
    }

    func accepts(_ key: String) -> Bool { admin.authenticate(key) != nil }

    func keys() async throws -> [UInt8] {
        try await outage.ask {
            try await read(on: readingLists) { try PrintedJSON.list(store.list().map { PrintedJSON($0) }).bytes() }
        }
    }

    func owners() async throws -> [UInt8] {
        try await outage.ask {
            try await read(on: readingLists) {
                try PrintedJSON.list(store.owners.list().map { PrintedJSON($0) }).bytes()
            }
        }
    }

    func usage(_ query: [(name: String, value: String)]) async throws -> [UInt8] {
        let fields = try UsageFields(query)
        return try await reports.make {
            let reader = try UsageReader(path: usagePath)
            return UsageOutput(report: try reader.report(fields.query(today: try reader.today()))).json()
        }
    }

    /// Also without its databases, whose failure it tells then: an operator looks at the status because something fails.
    func status(namesOf keys: [String]) async throws -> AdministrationStatus {
        var status = AdministrationStatus(
            version: PinionProgram.version, day: "", keys: [], keysLeftOff: 0, keyNames: [:],
            ledger: .init(ledger.state))
        do {
            let (day, uses, leftOff, names) = try await read(on: readingStatus) {
                let reader = try UsageReader(path: usagePath)
                let today = try reader.today()
                let report = try reader.report(.init(groups: [.key, .owner], since: today, until: today))
                let shown = report.lines.sorted { $0.tokens.total > $1.tokens.total }.prefix(Self.shownKeys)
                let uses = shown.map { AdministrationStatus.KeyUse($0) }
                let names = try serverKeys.names(of: keys + uses.map(\.key))
                return (today.text, uses, report.lines.count - uses.count, names)
            }
            (status.day, status.keys, status.keysLeftOff, status.keyNames) = (day, uses, leftOff, names)
        } catch let error as StoreError {
            status.ledger.failure = status.ledger.failure ?? error.message
        }
        return status
    }

    /// Keys that the status tells of one by one.
    private static let shownKeys = 50

    private func read<Answer: Sendable>(
        on queue: DispatchQueue, _ answer: @escaping @Sendable () throws -> Answer
    ) async throws -> Answer {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Result(catching: answer)) }
        }
    }
}

extension AdministrationStatus.KeyUse {
    /// - Parameter line: A line by key and owner.
    fileprivate init(_ line: UsageReport.Line) {
        self.init(
            key: line.labels[0], owner: line.labels[1], requests: line.requests, inputTokens: line.tokens.input,
            cachedTokens: line.tokens.cached, outputTokens: line.tokens.output, cost: Money.text(line.cost))
    }
}

extension AdministrationStatus.Ledger {
    fileprivate init(_ state: Ledger.State) {
        self.init(
            running: state.running, reservedTokens: state.reservedTokens, journalBytes: state.journalLength,
            journalFreeBytes: state.journalRoom, lastFold: state.foldTime, failure: state.foldFailure)
    }
}

/// The query of `GET /admin/usage`, whose fields are the options of `pinion usage`.
struct UsageFields {
    private var groups: [UsageReport.Group] = []
    private var since: DayBound?
    private var until: CalendarDate?
    private var texts: [String: String] = [:]

    /// - Throws: `APIError` that names the field.
    init(_ query: [(name: String, value: String)]) throws(APIError) {
        for (name, value) in query {
            switch name {
            case "by":
                guard let group = UsageReport.Group(rawValue: value) else {
                    throw .invalidValue(name, got: value, supported: UsageReport.Group.allCases.map(\.rawValue))
                }
                guard !groups.contains(group) else { throw .invalidValue(name, "'\(value)' is given twice.") }
                groups.append(group)
            case "since":
                guard let bound = DayBound(argument: value) else {
                    throw .invalidValue(name, "expected a day such as 2026-11-27, or a number of days such as 7d.")
                }
                since = bound
            case "until":
                guard let day = CalendarDate(text: value) else {
                    throw .invalidValue(name, "expected a day such as 2026-11-27.")
                }
                until = day
            case "key", "owner", "model", "user": texts[name] = value
            default: throw .unknownParameter(name)
            }
        }
    }

    func query(today: CalendarDate) -> UsageReport.Query {
        UsageReport.Query(
            groups: groups.isEmpty ? [.day] : groups, since: since?.date(today: today), until: until,
            key: texts["key"], owner: texts["owner"], model: texts["model"], user: texts["user"])
    }
}
