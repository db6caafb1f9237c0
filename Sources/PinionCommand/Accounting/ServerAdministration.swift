import Foundation
import PinionLedger
import PinionServer
import PinionStore
import PinionWire

/// Answers the admin routes from the store and the ledger's database, as the commands do.
struct ServerAdministration: Administration {
    private let admin: EphemeralKeys
    private let store: KeyStore
    private let usagePath: String
    /// Reading blocks: reports of a million rows take most of a second.
    private let reading = DispatchQueue(label: "pinion.admin")

    /// - Parameters:
    ///   - keys: The admin keys.
    ///   - store: The store that the server authenticates with.
    /// - Throws: `StoreError` for a key that no header could carry.
    init(keys: [String], store: KeyStore, usagePath: String) throws(StoreError) {
        admin = try EphemeralKeys(keys)
        (self.store, self.usagePath) = (store, usagePath)
    }

    func accepts(_ key: String) -> Bool { admin.authenticate(key) != nil }

    func keys() async throws -> [UInt8] {
        try await read { try PrintedJSON.list(store.list().map { PrintedJSON($0) }).bytes() }
    }

    func owners() async throws -> [UInt8] {
        try await read { try PrintedJSON.list(store.owners.list().map { PrintedJSON($0) }).bytes() }
    }

    func usage(_ query: [(name: String, value: String)]) async throws -> [UInt8] {
        let fields = try UsageFields(query)
        return try await read {
            let reader = try UsageReader(path: usagePath)
            return UsageOutput(report: try reader.report(fields.query(today: try reader.today()))).json()
        }
    }

    private func read(_ answer: @escaping @Sendable () throws -> [UInt8]) async throws -> [UInt8] {
        try await withCheckedThrowingContinuation { continuation in
            reading.async { continuation.resume(with: Result(catching: answer)) }
        }
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
