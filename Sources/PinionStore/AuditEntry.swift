package import Foundation
import GRDB

/// One change of keys, owners, policies or models: who made it, and when.
package struct AuditEntry: Sendable, Equatable {
    /// Grows with every entry.
    package let id: Int64
    package let time: Date
    /// The user of the operating system, or the name that the store was opened with.
    package let actor: String
    /// Kind of the subject and what was done to it: `key.create`, `owner.update`, `policy.remove`.
    package let action: String
    /// Identifier of a key; name of an owner or a policy; pattern of a model.
    package let subject: String
    /// A JSON object: what was set, or for an update what each changed value was and is. Never a secret.
    package let detail: String

    init(row: Row) {
        id = row["id"]
        time = StoreTime.date(row["time"])
        actor = row["actor"]
        action = row["action"]
        subject = row["subject"]
        detail = row["detail"]
    }
}

/// An entry that is about to be written, in the transaction of the change that it tells of.
struct AuditNote {
    /// A value of the detail.
    indirect enum Value: Encodable, Equatable {
        case none
        case text(String)
        case number(Int)
        case list([String])
        case members([String: Value])

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch self {
            case .none: try container.encodeNil()
            case .text(let text): try container.encode(text)
            case .number(let number): try container.encode(number)
            case .list(let texts): try container.encode(texts)
            case .members(let members): try container.encode(members)
            }
        }
    }

    let action: String
    let subject: String
    private(set) var detail: [String: Value]

    init(_ action: String, _ subject: String, _ detail: [String: Value] = [:]) {
        (self.action, self.subject) = (action, subject)
        self.detail = detail.filter { $1 != .none }
    }

    /// Whether any value was added by ``add(_:from:to:)``.
    var tellsChanges: Bool { !detail.isEmpty }

    /// Adds a value as it was and as it is, where the two differ.
    mutating func add(_ name: String, from old: Value, to new: Value) {
        guard old != new else { return }
        detail[name] = .members(["from": old, "to": new])
    }

    func write(_ db: Database, at now: Date, by actor: String) throws {
        try db.execute(
            sql: "INSERT INTO audit (time, actor, action, subject, detail) VALUES (?, ?, ?, ?, ?)",
            arguments: [StoreTime.seconds(now), actor, action, subject, StoredValue.text(encoding: detail)])
    }
}
